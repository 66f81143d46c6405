"""A network that can be made bad: a TCP proxy on loopback. Its faults are named as Toxiproxy names them."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_BLOCK = 16_384


@dataclass(frozen=True, eq=False)
class Toxics:
    """What happens to the bytes that flow in one direction; by default nothing."""

    latency: float = 0
    """Seconds by which every block is late."""
    bandwidth: float | None = None
    """Bytes per second of each connection."""
    limit_data: int | None = None
    """A connection is cut after so many bytes, counted from when this began to hold."""
    timeout: bool = False
    """Nothing gets through, and nobody is told. What was sent meanwhile arrives when it is over."""
    reset_peer: bool = False
    """A connection is reset as soon as a byte is sent."""
    slow_close: float = 0
    """Seconds by which the end of a connection is late."""


class _Connection:
    """The two sockets of a connection: the client's and the server's."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.broken = False
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def cut(self) -> None:
        self._break(socket.SHUT_RDWR)

    def reset(self) -> None:
        for each in (self.client, self.server):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Sends nothing itself, but ends the receiving; the reset goes out when the sockets are closed after that.
        self._break(socket.SHUT_RD)

    def _break(self, how: int) -> None:
        self.broken = True
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                each.shutdown(how)


class Proxy:
    """Forwards to a port on loopback while the context lasts. `upstream` leads to the server."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self._server_port = server_port
        self._changed = threading.Condition()
        self._toxics = {"upstream": Toxics(), "downstream": Toxics()}
        self._connections: set[_Connection] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self._over = False

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._refuse()
        self.cut()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def toxic(self, upstream: Toxics | None = None, downstream: Toxics | None = None) -> Iterator[None]:
        """Let these hold for a while, also for connections that are open already."""
        before = dict(self._toxics)
        self._turn(upstream or before["upstream"], downstream or before["downstream"])
        try:
            yield
        finally:
            self._turn(**before)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Cut all connections and refuse new ones for a while."""
        self._refuse()
        self.cut()
        try:
            yield
        finally:
            self._listen()

    def cut(self) -> None:
        """Close all connections."""
        with self._changed:
            connections = list(self._connections)
        for connection in connections:
            connection.cut()

    def _turn(self, upstream: Toxics, downstream: Toxics) -> None:
        with self._changed:
            self._toxics = {"upstream": upstream, "downstream": downstream}
            self._changed.notify_all()

    def _listen(self) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. With the usual megabytes in the kernel, nobody would notice a narrow line.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BLOCK)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(128)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _start(self, work: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._start(self._serve, listener.accept()[0])

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(ConnectionRefusedError), self._connect() as server:
            connection = _Connection(client, server)
            with self._changed:
                self._connections.add(connection)
                if self._over:
                    connection.cut()
            upstream = self._start(self._pump, "upstream", connection, client, server)
            self._pump("downstream", connection, server, client)
            upstream.join()
            with self._changed:
                self._connections.discard(connection)

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._server_port))

    def _pump(self, direction: str, connection: _Connection, source: socket.socket, sink: socket.socket) -> None:
        toxics, left = None, None
        with contextlib.suppress(OSError):
            while block := source.recv(_BLOCK):
                if (now := self._admitted(direction)) is not toxics:
                    toxics, left = now, now.limit_data
                if now.reset_peer:
                    connection.reset()
                    return
                sink.sendall(block[:left])
                left = None if left is None else left - len(block)
                if left is not None and left <= 0:
                    connection.cut()
                    return
                self._pause(direction, len(block) / now.bandwidth if now.bandwidth else 0)
            self._pause(direction, self._toxics[direction].slow_close)
            if not connection.broken:
                sink.shutdown(socket.SHUT_WR)

    def _admitted(self, direction: str) -> Toxics:
        """What holds for the next block, once it may go on."""
        self._pause(direction, self._toxics[direction].latency)
        with self._changed:
            self._changed.wait_for(lambda: self._over or not self._toxics[direction].timeout)
            return self._toxics[direction]

    def _pause(self, direction: str, seconds: float) -> None:
        """Wait, but not for what no longer holds."""
        with self._changed:
            toxics = self._toxics[direction]
            self._changed.wait_for(lambda: self._over or self._toxics[direction] is not toxics, timeout=seconds)
