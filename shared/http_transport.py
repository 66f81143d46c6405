"""Transports for httpx over connection pools of httpcore.

httpx's own transports have no option for what a name is connected to; a pool of httpcore takes it as `network_backend`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

import httpcore
import httpx

from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import RunUnusable

_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}
"""Errors of httpcore, and the errors that httpx's own transports raise instead of them."""


class PoolTransport(httpx.BaseTransport):
    """Sends the requests of an `httpx.Client` through a pool. Raises `httpx.TransportError`."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _errors_of_httpx():
            response = self._pool.handle_request(_for_httpcore(request))
        return _for_httpx(response, _Body(response))

    def close(self) -> None:
        self._pool.close()


class AsyncPoolTransport(httpx.AsyncBaseTransport):
    """Sends the requests of an `httpx.AsyncClient` through a pool. Raises `httpx.TransportError`."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _errors_of_httpx():
            response = await self._pool.handle_async_request(_for_httpcore(request))
        return _for_httpx(response, _AsyncBody(response))

    async def aclose(self) -> None:
        await self._pool.aclose()


class PublicServers(httpcore.SyncBackend):
    """Hangs up, before anything is sent, on servers that the policy refuses: a name may resolve to any address."""

    def __init__(self, egress: EgressPolicy) -> None:
        self._egress = egress

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        refusal = self._egress.refusal(stream.get_extra_info("server_addr")[0], port)
        if refusal:
            stream.close()
            raise RunUnusable(f"nothing is fetched from {host}: {refusal}")
        return stream


def public_client(egress: EgressPolicy, seconds: float) -> httpx.Client:
    """Return a client that follows redirects, but only to servers that `egress` allows, silent for `seconds` at most.

    It raises `RunUnusable` at others.
    """
    servers = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=PublicServers(egress))
    return httpx.Client(transport=PoolTransport(servers), follow_redirects=True, timeout=seconds)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    try:
        yield
    except tuple(_ERRORS) as error:
        kind = next(of_httpx for of_httpcore, of_httpx in _ERRORS.items() if isinstance(error, of_httpcore))
        raise kind(str(error)) from error


def _for_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _for_httpx(response: httpcore.Response, body: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
    return httpx.Response(response.status, headers=response.headers, stream=body, extensions=dict(response.extensions))
