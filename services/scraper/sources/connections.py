"""Connections to addresses that have been checked: a name is resolved once, and what it was found to be is used.

Were it resolved again to connect, its owner could answer otherwise the second time. So every request, of a redirect
too, resolves the name, checks all that it stands for, and connects to nothing else. Proxies are not used: they
would resolve by themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import httpcore
import httpx

from services.scraper.sources.address import host_of
from services.scraper.sources.request import Later
from shared.contract.egress_policy import EgressPolicy
from shared.contract.reasons import Drop, Reason
from shared.http_transport import AsyncPoolTransport

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The numeric addresses of a host and port; raises `OSError` when there are none."""

_TCP = 6
_CONNECT_SECONDS = 10.0
_KEPT_OPEN, _KEPT_SECONDS = 20, 5.0


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that the system's resolver finds for `host`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, proto=_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedAddresses(httpcore.AsyncNetworkBackend):
    """Connects to hosts that have been checked, at the numeric addresses that were."""

    def __init__(self, egress: EgressPolicy, resolve: Resolve = resolve) -> None:
        self._egress = egress
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()
        self._checked: dict[str, list[str]] = {}

    async def check(self, url: httpx.URL) -> Drop | Later | None:
        """Return None if the host of `url` may be asked, a `Drop` if not, `Later` if it cannot be found for now."""
        host, port = host_of(url), url.port or (443 if url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(host, port)
        except UnicodeError as error:
            return Drop(Reason.FETCH_FAILED, f"{host[:80]} is no host's name: {error}"[:300])
        except OSError as error:
            return Later(f"{host[:80]} cannot be found: {error.strerror}")
        for address in addresses:
            if refusal := self._egress.refusal(address, port):
                return Drop(Reason.FETCH_FAILED, f"{host} is not asked: {refusal}")
        self._checked[host] = addresses
        return None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        trouble: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._checked[host]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout or _CONNECT_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble


def checked_transport(addresses: CheckedAddresses) -> AsyncPoolTransport:
    """Return a transport whose requests go to `addresses` only."""
    return AsyncPoolTransport(
        httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_keepalive_connections=_KEPT_OPEN,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=addresses,
        )
    )
