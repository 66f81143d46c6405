"""The client of all sources that ask the web."""

from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

import httpx

from services.scraper.web.address import host_of, key_of, parsed, place_of
from services.scraper.web.answers import Later, Redirect, too_many
from services.scraper.web.call import Call
from services.scraper.web.conditions import Conditions
from services.scraper.web.connections import CheckedAddresses, Resolve, resolve
from services.scraper.web.download import Download
from services.scraper.web.fetched import Fetched
from services.scraper.web.interface import Expected, Reply, Request, Web
from services.scraper.web.politeness import Limits, Politeness
from services.scraper.web.reply_receiver import ReplyReceiver
from services.scraper.web.transport import Receiver, Transport
from services.scraper.web.troubles import put_off
from services.scraper.web.watch import TimeOver, Watch
from shared.contract.errors import RunUnusable, Transient
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import single_errors

T = TypeVar("T")

_OF_THE_ADDRESS = (OSError, ValueError, OverflowError, httpx.HTTPError, httpx.InvalidURL)
"""What libraries raise about addresses and answers that they cannot deal with."""
_NOTHING_EXPECTED = Expected()


@dataclass(frozen=True)
class ClientSettings:
    """Settings of a source's client: its politeness, the limits of a transfer, and the name that it gives itself."""

    politeness: Politeness = field(default_factory=Politeness)
    limits: Limits = field(default_factory=Limits)
    name: str = ""


_USUAL = ClientSettings()


class PoliteWeb(Web):
    """Asks the web for one source, at the pace of the hosts that all sources share."""

    def __init__(self, conditions: Conditions, settings: ClientSettings = _USUAL, resolve: Resolve = resolve) -> None:
        self._conditions = conditions
        self._politeness = replace(settings.politeness, night=settings.politeness.night or conditions.night)
        self._limits = settings.limits
        self._hosts = conditions.hosts
        common = {"user-agent": settings.name or user_agent(), "accept": "*/*", "accept-encoding": "identity"}
        addresses = CheckedAddresses(conditions.egress, resolve)
        self._transport = Transport(addresses, self._hosts, self._politeness, common)

    def send(self, request: Request) -> Reply:
        """Return the answer of an API: one of 200, or of a refusal that trying again does not mend, such as 404.

        Raises `RunUnusable` for an address that may not be asked, and for an answer that is too long.
        """
        try:
            found = self._got(request, ReplyReceiver())
        except TimeOver as error:
            raise Transient(f"{place_of(request.address)}: {error}") from error
        if isinstance(found, Reply):
            return found
        if isinstance(found, Drop):
            raise RunUnusable(f"{place_of(request.address)}: {found.detail}")
        if found.reply is None:
            raise Transient(f"{place_of(request.address)}: {found.detail}")
        return found.reply

    def download(self, request: Request, expected: Expected = _NOTHING_EXPECTED) -> Fetched | Drop:
        """Return a file that has the size and MD5 expected, or why it cannot be had."""
        if expected.bytes is not None and expected.bytes > self._conditions.max_bytes:
            return too_many(self._conditions.max_bytes, expected.bytes)
        try:
            found = self._got(request, Download(self._conditions.max_bytes, expected))
        except TimeOver as error:
            return Drop(Reason.FETCH_FAILED, str(error))
        if not isinstance(found, Later):
            return found
        if found.unreachable:
            raise Transient(found.detail)
        return Drop(Reason.FETCH_FAILED, found.detail)

    def hold(self, address: str, seconds: float | None = None) -> None:
        """Ask the host of `address` nothing for `seconds`; without them, for a pause that doubles each time in a row.

        Raises `HostRefuses` after several times in a row without a good answer in between.
        """
        self._hosts.refused(key_of(httpx.URL(address)), object(), "with a request to wait", seconds, self._politeness)

    def close(self) -> None:
        """Release connections."""
        self._transport.close()

    def _got(self, request: Request, receiver: Receiver[T]) -> T | Drop | Later:
        """Ask, follow redirects and try again; a `Later` is the last of several. Raises `TimeOver`."""
        url = parsed(request.address)
        if isinstance(url, Drop):
            return url
        call = Call(request, url, Watch(self._limits, self._conditions.stopping, self._hosts.clock))
        while True:
            found = self._step(call, receiver)
            if isinstance(found, Redirect):
                if refused := call.redirect(found):
                    return refused
            elif not isinstance(found, Later):
                return found
            elif call.is_over:
                times = "once" if call.attempts == 1 else f"{call.attempts} times"
                return replace(found, detail=f"{found.detail}, asked {times}")

    def _step(self, call: Call, receiver: Receiver[T]) -> T | Drop | Later | Redirect:
        """Ask once, when the host's turn has come, and let nobody else ask before it is known how that went."""
        with self._hosts.turn(key_of(call.url), self._politeness, self._conditions.stopping):
            found = self._exchanged(call, receiver)
            if isinstance(found, Later):
                call.attempts += 1
                call.is_over = not put_off(self._hosts, self._politeness, call, found)
            return found

    def _exchanged(self, call: Call, receiver: Receiver[T]) -> T | Drop | Later | Redirect:
        try:
            with call.watch.running():
                return self._transport.exchange(call, receiver)
        except TimeOver:
            raise TimeOver(f"not complete after {self._limits.seconds:g} seconds") from None
        except Exception as error:
            errors = single_errors(error)
            if not all(isinstance(each, _OF_THE_ADDRESS) for each in errors):
                raise
            causes = "; ".join(f"{type(each).__name__}: {each}" for each in errors)
            return Drop(Reason.FETCH_FAILED, f"{host_of(call.url)[:80]} cannot be asked: {causes}"[:300])


def user_agent(contact: str = "", account: str = "") -> str:
    """Return the User-Agent: Magritte with its version, and how to reach who asks, or else what it asks for.

    Raises `ValueError` for a text that no header can carry.
    """
    try:
        own = version("magritte")
    except PackageNotFoundError:
        own = "unreleased"
    about = [f"+{contact}" if contact else "pictures for a data set", *([f"account {account}"] if account else [])]
    name = f"Magritte/{own} ({'; '.join(about)})"
    if not (name.isascii() and name.isprintable()):
        raise ValueError(f"a contact or account can have printable ASCII alone: {name!r}")
    return name
