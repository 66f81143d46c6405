"""Connections to addresses that have been checked: a name is resolved once, and what it was found to be is used.

Were it resolved again to connect, its owner could answer otherwise the second time. So every request, of a redirect
too, resolves the name, checks all that it stands for, and connects to nothing else. Proxies are not used: they
would resolve by themselves.
"""

import errno
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

import httpcore
import httpx

from services.scraper.web.address import host_of, port_of
from services.scraper.web.answers import Later
from services.scraper.web.watch import TooSlow, present_watch
from shared.contract.egress_policy import EgressPolicy
from shared.contract.reasons import Drop, Reason

Resolve = Callable[[str, int], list[str]]
"""The numeric addresses of a host and port; raises `OSError` when there are none."""

_CONNECT_SECONDS = 10.0
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the system's resolver finds for `host`."""
    found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedAddresses(httpcore.NetworkBackend):
    """Connects to hosts that have been checked, at the numeric addresses that were; each thread to its own."""

    def __init__(self, egress: EgressPolicy, resolve: Resolve = resolve) -> None:
        self.egress = egress
        self.resolve = resolve
        self._network = httpcore.SyncBackend()
        self._checked = _Checked()

    @property
    def way(self) -> object:
        """The check that connections have passed; equal to that of another client with the same rules."""
        return (self.egress, self.resolve)

    def check(self, url: httpx.URL) -> Drop | Later | None:
        """Return None if the host of `url` may be asked, a `Drop` if not, `Later` if it cannot be found for now."""
        host, port = host_of(url), port_of(url)
        try:
            addresses = self._resolved(host, port)
        except UnicodeError as error:
            return Drop(Reason.FETCH_FAILED, f"{host[:80]} is no host's name: {error}"[:300])
        except OSError as error:
            unreachable = error.errno not in _NO_SUCH_NAME
            return Later(f"{host[:80]} cannot be found: {error.strerror}", unreachable=unreachable)
        for address in addresses:
            if refusal := self.egress.refusal(address, port):
                return Drop(Reason.FETCH_FAILED, f"{host} is not asked: {refusal}")
        self._checked.addresses = addresses
        return None

    def is_private(self) -> bool:
        """Return whether the host that this thread has checked last lies in the networks that were allowed."""
        found = [ipaddress.ip_address(address) for address in self._checked.addresses]
        return all(any(address in network for network in self.egress.private) for address in found)

    def _resolved(self, host: str, port: int) -> list[str]:
        """Resolve a name in a thread of its own, as no resolver can be asked to stop."""
        if host.replace(".", "").isdigit():
            return self.resolve(host, port)
        answers = SimpleQueue[list[str] | Exception]()

        def ask() -> None:
            try:
                answers.put(self.resolve(host, port))
            except Exception as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        while True:
            try:
                answer = answers.get(timeout=present_watch().look())
            except Empty:
                continue
            except TooSlow as error:
                raise TimeoutError(errno.ETIMEDOUT, "no answer of the resolver") from error
            if isinstance(answer, Exception):
                raise answer
            return answer

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        trouble: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._checked.addresses:
            present_watch().look()
            limit = min(timeout or _CONNECT_SECONDS, present_watch().left())
            try:
                return _WatchedStream(self._network.connect_tcp(address, port, limit, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble


class _Checked(threading.local):
    addresses: Sequence[str] = ()


class _WatchedStream(httpcore.NetworkStream):
    """A connection that is looked at while it waits for bytes."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        watch = present_watch()
        while True:
            seconds = watch.look()
            try:
                data = self._stream.read(max_bytes, seconds)
            except httpcore.ReadTimeout:
                continue
            watch.received(len(data))
            return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, min(_CONNECT_SECONDS, present_watch().left()))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = min(timeout or _CONNECT_SECONDS, present_watch().left())
        return _WatchedStream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
