"""The client of all sources that ask the web."""

from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

import httpx

from services.scraper.web.address import host_of, key_of, parsed
from services.scraper.web.answers import Later, Redirect
from services.scraper.web.api import Answering
from services.scraper.web.conditions import Conditions
from services.scraper.web.connections import CheckedAddresses, Resolve, resolve
from services.scraper.web.download import Download
from services.scraper.web.exchange import Receiver, Wire
from services.scraper.web.fetched import Fetched
from services.scraper.web.interface import Expected, Reply, Request
from services.scraper.web.politeness import Limits, Politeness
from services.scraper.web.trip import Trip
from services.scraper.web.watch import TimeOver, Watch
from shared.contract.errors import RunUnusable, Transient
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import single_errors

T = TypeVar("T")

_OF_THE_ADDRESS = (OSError, ValueError, OverflowError, httpx.HTTPError, httpx.InvalidURL)
"""What libraries raise about addresses and answers that they cannot deal with."""
_NOTHING_EXPECTED = Expected()


@dataclass(frozen=True)
class Manners:
    """Manners of a source: its politeness, the limits of a transfer, and the name that it gives itself."""

    politeness: Politeness = field(default_factory=Politeness)
    limits: Limits = field(default_factory=Limits)
    name: str = ""


_USUAL_MANNERS = Manners()


class PoliteWeb:
    """Asks the web for one source, at the pace of the hosts that all sources of the process share."""

    def __init__(self, conditions: Conditions, manners: Manners = _USUAL_MANNERS, resolve: Resolve = resolve) -> None:
        self._conditions = conditions
        self._politeness, self._limits = manners.politeness, manners.limits
        self._hosts = conditions.hosts
        common = {"user-agent": manners.name or user_agent(), "accept": "*/*", "accept-encoding": "identity"}
        addresses = CheckedAddresses(conditions.egress, resolve)
        self._wire = Wire(addresses, self._hosts, self._politeness, common)

    def ask(self, request: Request) -> Reply:
        """Return the answer of an API: one of 200, or of a refusal that trying again does not mend, such as 404.

        Raises `RunUnusable` for an address that may not be asked, and for an answer that is too long.
        """
        found = self._got(request, Answering())
        if isinstance(found, Reply):
            return found
        if isinstance(found, Later) and found.reply is not None:
            return found.reply
        where = host_of(httpx.URL(request.address))[:80] if not isinstance(parsed(request.address), Drop) else "nobody"
        if isinstance(found, Later):
            raise Transient(f"{where} cannot be asked: {found.detail}")
        if found.reason is Reason.FETCH_FAILED and found.detail.startswith("not complete"):
            raise Transient(f"{where}: {found.detail}")
        raise RunUnusable(f"{where}: {found.detail}")

    def download(self, request: Request, expected: Expected = _NOTHING_EXPECTED) -> Fetched | Drop:
        """Return a file that has the size and MD5 expected, or why it cannot be had."""
        if expected.bytes is not None and expected.bytes > self._conditions.max_bytes:
            detail = f"{expected.bytes} bytes, at most {self._conditions.max_bytes} are fetched"
            return Drop(Reason.TOO_MANY_BYTES, detail)
        found = self._got(request, Download(self._conditions.max_bytes, expected))
        if not isinstance(found, Later):
            return found
        if found.unreachable:
            raise Transient(found.detail)
        return Drop(Reason.FETCH_FAILED, found.detail)

    def hold(self, address: str, seconds: float | None = None) -> None:
        """Ask the host of `address` nothing for `seconds`; without them, for a pause that doubles each time in a row.

        Raises `HostRefuses` after several times in a row without a good answer in between.
        """
        host = key_of(httpx.URL(address))
        if seconds is None:
            seconds = self._hosts.hold_doubling(host, self._politeness)
        else:
            self._hosts.hold(host, seconds)
        self._hosts.refused(host, f"to be asked later, lastly after {seconds:g} seconds", self._politeness)

    def close(self) -> None:
        """Release connections."""
        self._wire.close()

    def _got(self, request: Request, receiver: Receiver[T]) -> T | Drop | Later:
        """Ask, follow redirects and try again; a `Later` is the last of several."""
        url = parsed(request.address)
        if isinstance(url, Drop):
            return url
        trip = Trip(request, url, Watch(self._limits, self._conditions.stopping, self._hosts.clock))
        while True:
            found = self._step(trip, receiver)
            if isinstance(found, Redirect):
                if refused := trip.redirect(found):
                    return refused
            elif isinstance(found, Later):
                if not self._put_off(trip, found):
                    return _last(found, trip.attempts)
            else:
                return found

    def _step(self, trip: Trip, receiver: Receiver[T]) -> T | Drop | Later | Redirect:
        """Ask once, when the host's turn has come."""
        try:
            with self._hosts.turn(key_of(trip.url), self._politeness, self._conditions.stopping), trip.watch.running():
                return self._wire.exchange(trip, receiver)
        except TimeOver:
            return Drop(Reason.FETCH_FAILED, f"not complete after {self._limits.seconds:g} seconds")
        except Exception as error:
            errors = single_errors(error)
            if not all(isinstance(each, _OF_THE_ADDRESS) for each in errors):
                raise
            causes = "; ".join(f"{type(each).__name__}: {each}" for each in errors)
            return Drop(Reason.FETCH_FAILED, f"{host_of(trip.url)[:80]} cannot be asked: {causes}"[:300])

    def _put_off(self, trip: Trip, trouble: Later) -> bool:
        """Hold the host for as long as it wants, and return whether to ask again after that."""
        host = key_of(trip.url)
        trip.attempts += 1
        if trouble.seconds is None:
            self._hosts.hold_doubling(host, self._politeness)
        elif trouble.seconds > self._politeness.longest_wait:
            self._hosts.closed(host, f"answered {trouble.detail} and wants a long pause", trouble.seconds)
            return False
        else:
            self._hosts.hold(host, trouble.seconds)
        if trouble.refused:
            self._hosts.refused(host, trouble.detail, self._politeness)
        return trip.attempts < self._politeness.attempts


def _last(trouble: Later, attempts: int) -> Later:
    return replace(trouble, detail=f"{trouble.detail}, asked {attempts} times")


def user_agent(contact: str = "", account: str = "") -> str:
    """Return the User-Agent: Magritte with its version, and how to reach who asks, or else the HTTP client.

    Raises `ValueError` for a text that no header can carry.
    """
    try:
        own = version("magritte")
    except PackageNotFoundError:
        own = "unreleased"
    about = [f"+{contact}"] if contact else []
    about += [f"account {account}"] if account else []
    name = f"Magritte/{own} ({'; '.join(about) or f'+python-httpx/{httpx.__version__}'})"
    if not (name.isascii() and name.isprintable()):
        raise ValueError(f"a contact or account can have printable ASCII alone: {name!r}")
    return name
