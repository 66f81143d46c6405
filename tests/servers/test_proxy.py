"""The proxy breaks connections as it is told, and only then."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from tests.servers.proxy import Proxy, Toxics


def echo(listener: socket.socket) -> None:
    """Send everything back to whoever connects, until the listener is closed."""

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while block := connection.recv(65_536):
                connection.sendall(block)

    with suppress(OSError):
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before a server that sends everything back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=echo, args=(listener,))
        thread.start()
        with Proxy(listener.getsockname()[1]) as proxy:
            yield proxy
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def connect(proxy: Proxy) -> closing[socket.socket]:
    return closing(socket.create_connection(("127.0.0.1", proxy.port), timeout=20))


def exchange(client: socket.socket, data: bytes) -> bytes:
    """What comes back until as much has come as was sent, or the end."""
    threading.Thread(target=send, args=(client, data), daemon=True).start()
    received = b""
    while len(received) < len(data) and (block := client.recv(65_536)):
        received += block
    return received


def send(client: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        client.sendall(data)


def test_everything_gets_through_by_itself(proxy: Proxy) -> None:
    data = bytes(range(256)) * 4000
    with connect(proxy) as first, connect(proxy) as second:
        assert exchange(first, data) == exchange(second, data) == data
        first.shutdown(socket.SHUT_WR)
        assert first.recv(1) == b""


def test_latency_delays_what_is_sent(proxy: Proxy) -> None:
    with connect(proxy) as client, proxy.toxic(upstream=Toxics(latency=0.2), downstream=Toxics(latency=0.1)):
        start = time.monotonic()
        assert exchange(client, b"x") == b"x"
        assert time.monotonic() - start >= 0.3


def test_a_narrow_line_takes_its_time_and_loses_nothing(proxy: Proxy) -> None:
    data = bytes(range(256)) * 400
    with connect(proxy) as client, proxy.toxic(downstream=Toxics(bandwidth=200_000)):
        start = time.monotonic()
        assert exchange(client, data) == data
        assert time.monotonic() - start >= 0.3


def test_a_limit_cuts_the_connection_after_so_many_bytes(proxy: Proxy) -> None:
    with connect(proxy) as client:
        assert exchange(client, b"x" * 100) == b"x" * 100
        with proxy.toxic(downstream=Toxics(limit_data=30_000)):
            assert exchange(client, b"y" * 100_000) == b"y" * 30_000
    with connect(proxy) as client:
        assert exchange(client, b"z" * 100_000) == b"z" * 100_000


def test_nothing_gets_through_a_black_hole_until_it_is_over(proxy: Proxy) -> None:
    with connect(proxy) as client:
        with proxy.toxic(upstream=Toxics(timeout=True)):
            client.sendall(b"x")
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(1)
        client.settimeout(20)
        assert client.recv(1) == b"x"


def test_a_reset_is_a_reset(proxy: Proxy) -> None:
    with connect(proxy) as client, proxy.toxic(upstream=Toxics(reset_peer=True)):
        client.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_the_end_can_be_late(proxy: Proxy) -> None:
    with connect(proxy) as client, proxy.toxic(downstream=Toxics(slow_close=0.3)):
        start = time.monotonic()
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
        assert time.monotonic() - start >= 0.3


def test_when_it_is_down_connections_end_and_new_ones_are_refused(proxy: Proxy) -> None:
    with connect(proxy) as client:
        assert exchange(client, b"x") == b"x"
        with proxy.down():
            assert client.recv(1) == b""
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
    with connect(proxy) as client:
        assert exchange(client, b"x") == b"x"


def test_it_ends_while_a_connection_hangs_in_it(proxy: Proxy) -> None:
    with ExitStack() as still_open:
        with Proxy(proxy.port) as other:
            hanging = still_open.enter_context(connect(other))
            still_open.enter_context(other.toxic(upstream=Toxics(timeout=True)))
            hanging.sendall(b"x")
        with suppress(ConnectionResetError):
            assert hanging.recv(1) == b""
