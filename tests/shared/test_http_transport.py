import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore
import httpx
import pytest

from shared.http_transport import AsyncPoolTransport, PoolTransport

ERRORS = [
    "ConnectTimeout",
    "ReadTimeout",
    "WriteTimeout",
    "PoolTimeout",
    "ConnectError",
    "ReadError",
    "WriteError",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
    "RemoteProtocolError",
]
CUT = [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"half"]


class Echo(BaseHTTPRequestHandler):
    """Answers 201 with the request's path, its header `X-PhaseSettings` and its body."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        echo = f"{self.path} {self.headers['X-PhaseSettings']} {body.decode()}".encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(echo)))
        self.end_headers()
        self.wfile.write(echo)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def failing(name: str) -> Exception:
    return getattr(httpcore, name)(f"{name} by httpcore")  # type: ignore[no-any-return]


class Failing(httpcore.SyncBackend):
    def __init__(self, error: Exception) -> None:
        self._error = error

    def connect_tcp(self, *_: object, **__: object) -> httpcore.NetworkStream:
        raise self._error


class AsyncFailing(httpcore.AsyncMockBackend):
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        raise self._error


def client(backend: httpcore.NetworkBackend | None = None) -> httpx.Client:
    return httpx.Client(transport=PoolTransport(httpcore.ConnectionPool(network_backend=backend)))


def async_client(backend: httpcore.AsyncNetworkBackend | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=AsyncPoolTransport(httpcore.AsyncConnectionPool(network_backend=backend)))


async def requested(client: httpx.AsyncClient, method: str, address: str, **what: object) -> httpx.Response:
    async with client:
        return await client.request(method, address, **what)  # type: ignore[arg-type]


def test_a_request_arrives_as_it_is_and_so_does_the_answer(address: str) -> None:
    what = {"headers": {"X-PhaseSettings": "1"}, "content": b"body"}
    with client() as here:
        answer = here.post(f"{address}/a%20b?c=d", **what)  # type: ignore[arg-type]
    later = asyncio.run(requested(async_client(), "POST", f"{address}/a%20b?c=d", **what))
    for found in (answer, later):
        assert (found.status_code, found.text) == (201, "/a%20b?c=d 1 body")
        assert found.headers["Content-Length"] == "17"
        assert found.http_version == "HTTP/1.1"


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_httpcore_is_raised_as_that_of_httpx(name: str) -> None:
    with client(Failing(failing(name))) as here, pytest.raises(getattr(httpx, name), match=f"{name} by httpcore"):
        here.get("http://nowhere/")
    with pytest.raises(getattr(httpx, name), match=f"{name} by httpcore"):
        asyncio.run(requested(async_client(AsyncFailing(failing(name))), "GET", "http://nowhere/"))


def test_other_errors_are_raised_as_they_are() -> None:
    with client(Failing(KeyError("ours"))) as here, pytest.raises(KeyError, match="ours"):
        here.get("http://nowhere/")


def test_an_answer_that_ends_too_early_is_an_error_of_httpx() -> None:
    with client(httpcore.MockBackend(CUT)) as here, pytest.raises(httpx.RemoteProtocolError, match="received 4 bytes"):
        here.get("http://nowhere/")
    with pytest.raises(httpx.RemoteProtocolError, match="received 4 bytes"):
        asyncio.run(requested(async_client(httpcore.AsyncMockBackend(CUT)), "GET", "http://nowhere/"))


def test_an_answer_that_is_not_read_to_its_end_gives_its_connection_back() -> None:
    pool = httpcore.ConnectionPool(network_backend=httpcore.MockBackend(CUT))
    with httpx.Client(transport=PoolTransport(pool)) as here:
        with here.stream("GET", "http://nowhere/"):
            assert len(pool.connections) == 1
        assert pool.connections == []


def test_closing_a_client_closes_its_pool() -> None:
    whole = [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", b"here"]
    pool = httpcore.ConnectionPool(network_backend=httpcore.MockBackend(whole))
    with httpx.Client(transport=PoolTransport(pool)) as here:
        here.get("http://nowhere/")
        assert len(pool.connections) == 1
    assert pool.connections == []
