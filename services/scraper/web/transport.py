"""One request over one connection, and what its answer comes to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from ssl import SSLContext
from typing import Protocol, TypeVar

import httpcore
import httpx

from services.scraper.web.address import key_of, port_of, without_user
from services.scraper.web.answers import Head, Later, Redirect, is_challenge, later, retry_after, unpacked
from services.scraper.web.call import Call
from services.scraper.web.connections import CheckedAddresses
from services.scraper.web.hosts import Hosts
from services.scraper.web.idle_connections import KEPT_SECONDS, IdleConnection
from services.scraper.web.interface import MOST_BYTES_OF_AN_ANSWER, Reply
from services.scraper.web.politeness import Politeness
from services.scraper.web.watch import TooSlow
from shared.contract.reasons import Drop, Reason

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_UNREACHABLE = (httpcore.ConnectError, httpcore.ConnectTimeout)
_BROKEN = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError)
_CLOSED_DOORS = frozenset({401, 403})
"""Statuses of one thing that is not for everybody, or of a host that lets somebody in to nothing any more."""


class _NoAnswer(Exception):
    """A host says nothing; its text says for how long."""


class _Closed(Exception):
    """A host has closed a connection that was kept open, as it may at any time."""


class Receiver(Protocol[T_co]):
    """Takes the body of an answer; of an answer that is an error, no more than `most_of_an_error` bytes."""

    most_of_an_error: int

    def headers(self) -> Mapping[str, str]:
        """Return what the next request says beside what it is for."""
        ...

    def receive(self, head: Head, body: Iterator[bytes], address: str) -> T_co | Drop | Later:
        """Return what comes of the answer."""
        ...


class Transport:
    """Sends requests to addresses that have been checked, and tells the hosts' paces of it."""

    def __init__(
        self, addresses: CheckedAddresses, hosts: Hosts, politeness: Politeness, common: Mapping[str, str]
    ) -> None:
        self._addresses = addresses
        self._hosts = hosts
        self._politeness = politeness
        self._common = common

    @cached_property
    def _ssl(self) -> SSLContext:
        return httpx.create_ssl_context()

    def exchange(self, call: Call, receiver: Receiver[T]) -> T | Drop | Later | Redirect:
        """Send a request, if its address may be asked, and return what comes of the answer.

        Raises `HostRefuses` for a challenge, and what `call.watch` raises.
        """
        try:
            if refused := self._addresses.check(call.url):
                return refused
            with self._opened(call, receiver.headers()) as response:
                return self._judged(call, receiver, response)
        except (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol, UnicodeEncodeError) as error:
            return Drop(Reason.FETCH_FAILED, f"it cannot be asked for: {call.hiding_secrets(error)}"[:200])
        except _Closed as error:
            return Later(f"a connection that was kept open is closed: {error}"[:200], 0.0)
        except _NoAnswer as error:
            return Later(f"no answer, {error}", refused=True)
        except TooSlow as error:
            return Later(f"too slow: {error}")
        except _BROKEN as error:
            if isinstance(error, _UNREACHABLE):
                return Later(f"{key_of(call.url)[:80]} cannot be reached: {error}"[:200], unreachable=True)
            return Later(f"{type(error).__name__}: {error}"[:200])

    @contextmanager
    def _opened(self, call: Call, more: Mapping[str, str]) -> Iterator[httpcore.Response]:
        """Send the request over a connection that is idle, or a new one."""
        url, host = call.url, key_of(call.url)
        address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        request = httpcore.Request(
            call.method, address, headers=call.headers(self._common, more), content=call.content()
        )
        origin, check = httpcore.Origin(url.raw_scheme, url.raw_host, port_of(url)), self._addresses.way
        kept = self._hosts.idle.take(host, origin, check)
        connection = kept or httpcore.HTTPConnection(
            origin,
            ssl_context=self._ssl if url.scheme == "https" else None,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=self._addresses,
        )
        self._note_asking(host)
        try:
            response = _answer(connection, request, is_new=kept is None)
            self._hosts.answered(host)
            try:
                yield response
            finally:
                response.close()
        finally:
            self._hosts.idle.give_back(IdleConnection(connection, host, origin, check, self))

    def _note_asking(self, host: str) -> None:
        is_public = not self._addresses.is_private()
        least = self._politeness.least_pause if is_public else 0.0
        self._hosts.requesting(host, self, max(self._politeness.pause, least), is_public)

    def _judged(self, call: Call, receiver: Receiver[T], response: httpcore.Response) -> T | Drop | Later | Redirect:
        reason = response.extensions.get("reason_phrase", b"")
        head, now = Head.of(response.status, reason, response.headers), datetime.now(UTC)
        call.remember(head)
        host, parts = key_of(call.url), iter(response.iter_stream())
        if head.status >= 400 or head.location is not None:
            body = _beginning(parts, receiver.most_of_an_error)
            if is_challenge(head, body):
                what = f"answered {head.text} with a challenge that wants a person"
                raise self._hosts.closed(host, what, self._politeness.closed)
            if put_off := later(head, now):
                return replace(put_off, reply=_reply(head, body, without_user(call.url)))
            parts = iter([body])
        result: T | Drop | Later | Redirect
        if head.location is not None:
            result = Redirect(head.location, head.status)
        else:
            result = receiver.receive(head, parts, without_user(call.url))
        if head.status in _CLOSED_DOORS:
            self._hosts.failed(host, head.text, self._politeness)
        elif not isinstance(result, Later):
            self._hosts.succeeded(host)
        if seconds := retry_after(head.headers, now):
            self._hosts.hold(host, min(seconds, self._politeness.longest_wait))
        return result

    def close(self) -> None:
        """Close what is kept open, and no longer want any pause."""
        self._hosts.idle.close_of(self)
        self._hosts.forget(self)


def _reply(head: Head, body: bytes, address: str) -> Reply:
    data = unpacked(body, head.encoding, MOST_BYTES_OF_AN_ANSWER)
    return Reply(head.status, head.headers, body if isinstance(data, Drop) else data, address)


def _answer(connection: httpcore.HTTPConnection, request: httpcore.Request, is_new: bool) -> httpcore.Response:
    """Send a request and return the answer once its head is there."""
    try:
        return connection.handle_request(request)
    except TooSlow as error:
        raise _NoAnswer(str(error)) from error
    except _BROKEN as error:
        if is_new:
            raise
        raise _Closed(f"{type(error).__name__}: {error}") from error


def _beginning(parts: Iterator[bytes], most: int) -> bytes:
    """Return what comes of a body, at most about `most` bytes; the head before it counts even if it breaks off."""
    body = bytearray()
    with suppress(*_BROKEN):
        for part in parts:
            body += part
            if len(body) >= most:
                break
    return bytes(body)
