"""Pictures at http and https addresses."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import TypeVar

import httpx

from services.scraper.sources.address import host_of, parsed
from services.scraper.sources.connections import CheckedAddresses, Resolve, checked_transport, resolve
from services.scraper.sources.pacing import Pacing
from services.scraper.sources.request import Answer, Later, Redirect, send_request, stop_at_redirect
from services.scraper.sources.source import PAGE, Conditions, Fetched, Item, Page
from shared.contract.errors import Interrupted, Transient
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import single_errors
from shared.recipe import sources as recipe

T = TypeVar("T")

REDIRECTS = 5
ATTEMPTS = 4
LONGEST_WAIT = 120.0
"""Seconds; a server that asks for a longer pause is not asked for this picture again in this run."""
_GLANCE = 0.2

_OF_THE_ADDRESS = (OSError, ValueError, OverflowError, httpx.HTTPError, httpx.InvalidURL)
"""What libraries raise about addresses and answers that they cannot deal with, as `httpx.HTTPError` or not."""


class AddressesSource:
    """A list of addresses, asked one after the other with a pause in between, by a client that says who it is."""

    kind = "address"
    answers_vary = True

    def __init__(self, section: recipe.AddressesSource, conditions: Conditions, resolve: Resolve = resolve) -> None:
        self._section = section
        self._conditions = conditions
        self._pacing = Pacing(section.pause, conditions.stopping)
        self._loop = asyncio.Runner()
        # The time limit is kept by `_within`; no encodings are asked for because pictures are compressed already.
        headers = {"User-Agent": user_agent(), "Accept": "image/*,*/*;q=0.1", "Accept-Encoding": "identity"}
        self._addresses = CheckedAddresses(conditions.egress, resolve)
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=None,
            transport=checked_transport(self._addresses),
            event_hooks={"response": [stop_at_redirect]},
        )

    def page(self, cursor: str) -> Page:
        """Return the addresses on the lines that follow; `cursor` is the number of those before."""
        before = int(cursor or 0)
        lines = list(islice(self._lines(), before, before + PAGE))
        addresses = filter(None, map(_without_comment, lines))
        items = tuple(Item(address, address, score=self._section.score) for address in addresses)
        return Page(items, str(before + PAGE) if len(lines) == PAGE else None)

    def _lines(self) -> Iterator[str]:
        if not isinstance(self._section.urls, Path):
            yield from self._section.urls
            return
        try:
            with self._section.urls.open(encoding="utf-8-sig", errors="replace") as file:
                yield from file
        except OSError as error:
            raise Transient(f"the list {self._section.urls} cannot be read: {error.strerror}") from error

    def fetch(self, item: Item) -> Fetched | Drop:
        """Fetch an item, following redirects and trying again; the time limit covers all requests, but not pauses."""
        url, redirects, attempts, left = parsed(item.place), 0, 0, self._section.timeout
        while not isinstance(url, Drop):
            host = host_of(url)
            self._pacing.wait(host)
            started = time.monotonic()
            answer = self._request(url, left)
            left -= time.monotonic() - started
            if isinstance(answer, Redirect):
                url, redirects = parsed(answer.to), redirects + 1
                if redirects > REDIRECTS:
                    return Drop(Reason.FETCH_FAILED, f"more than {REDIRECTS} redirects")
            elif isinstance(answer, Later):
                attempts += 1
                wait = self._section.pause * 2**attempts if answer.seconds is None else answer.seconds
                if attempts == ATTEMPTS or wait > LONGEST_WAIT:
                    return Drop(Reason.FETCH_FAILED, f"{answer.detail}, asked {attempts} times")
                self._pacing.hold(host, wait)
            else:
                return answer
        return url

    def _request(self, url: httpx.URL, seconds: float) -> Answer:
        try:
            return self._loop.run(_within(seconds, self._conditions.stopping, self._request_if_allowed(url)))
        except TimeoutError:
            return Drop(Reason.FETCH_FAILED, f"not complete after {self._section.timeout:g} seconds")
        except Exception as error:
            errors = single_errors(error)
            if not all(isinstance(each, _OF_THE_ADDRESS) for each in errors):
                raise
            causes = "; ".join(f"{type(each).__name__}: {each}" for each in errors)
            return Drop(Reason.FETCH_FAILED, f"{host_of(url)[:80]} cannot be asked: {causes}"[:300])

    async def _request_if_allowed(self, url: httpx.URL) -> Answer:
        refused = await self._addresses.check(url)
        return refused or await send_request(self._client, url, self._conditions.max_bytes)

    def close(self) -> None:
        self._loop.run(self._client.aclose())
        self._loop.close()


async def _within(seconds: float, stopping: Callable[[], bool], work: Coroutine[None, None, T]) -> T:
    """Return what `work` returns; raise `TimeoutError` after `seconds` and `Interrupted` when asked to stop.

    httpx's own limits are for each read, and a server that sends a byte now and then keeps to them for ever.
    """
    task = asyncio.ensure_future(work)
    deadline = time.monotonic() + seconds
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=min(_GLANCE, max(0.0, deadline - time.monotonic())))
            if not task.done() and stopping():
                raise Interrupted
            if not task.done() and time.monotonic() >= deadline:
                raise TimeoutError
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


def user_agent() -> str:
    """Return the User-Agent: Magritte, and the HTTP client that it uses, with their versions."""
    try:
        own = version("magritte")
    except PackageNotFoundError:
        own = "unreleased"
    return f"Magritte/{own} (+python-httpx/{httpx.__version__})"


def _without_comment(line: str) -> str:
    """Remove the comment from `line`: from a # at its start or after a space or tab; an address may contain a #."""
    return "" if line.lstrip().startswith("#") else line.split(" #")[0].split("\t#")[0].strip()
