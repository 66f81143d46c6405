"""An HTTP server on loopback that keeps a log of what it was asked, and can send answers badly."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.board.messages import Answer, Around, Entry, Handle, Log, Request, json_answer

_PIECES_PER_SECOND = 10
_NO_BODY = frozenset({204, 304})


class Server(ThreadingHTTPServer):
    """Answers on a port of a loopback address while its context lasts."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, handle: Handle, around: Around | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.stopping = threading.Event()
        self._handle, self._around, self._host = handle, around, host
        self._lock = threading.Lock()
        self._arrivals: list[_Arrival] = []
        self._connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def address(self) -> str:
        """The address of this server, without a slash at its end."""
        return f"http://{self._host}:{self.server_port}"

    @property
    def log(self) -> Log:
        """The requests that have been answered until now."""
        with self._lock:
            return Log(arrival.entry() for arrival in self._arrivals if arrival.status is not None)

    def forget(self) -> None:
        """Empty the log."""
        with self._lock:
            self._arrivals.clear()

    def answer(self, request: Request) -> Answer:
        """Answer a request; a mistake of the board's own is an answer that says so."""
        try:
            return self._around(request, self._handle) if self._around else self._handle(request)
        except Exception as error:
            return json_answer({"success": False, "error": f"loopback board: {error!r}"}, 501)

    def arrived(self, request: Request) -> "_Arrival":
        """Write a request into the log."""
        with self._lock:
            arrival = _Arrival(request, time.monotonic(), sum(map(_is_open, self._connections)))
            self._arrivals.append(arrival)
        return arrival

    @contextlib.contextmanager
    def connection(self, open_one: socket.socket) -> Iterator[None]:
        """Count a connection while it is served."""
        with self._lock:
            self._connections.add(open_one)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(open_one)

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


@dataclass
class _Arrival:
    request: Request
    time: float
    connections: int
    status: int | None = None

    def entry(self) -> Entry:
        asked, status = self.request, self.status or 0
        return Entry(
            asked.method, asked.path, asked.query, asked.headers, self.time, status, self.connections, asked.client
        )


def _is_open(connection: socket.socket) -> bool:
    """Return whether the client has not closed a connection yet, which its thread may be about to notice."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        with self.server.connection(self.connection), contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def do_GET(self) -> None:
        request = self._request()
        arrival = self.server.arrived(request)
        answer = self.server.answer(request)
        arrival.status = answer.status
        if answer.status == 0 or (answer.delay and self.server.stopping.wait(answer.delay)):
            self.close_connection = True
        else:
            self._send(answer)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        return Request(
            self.command,
            unquote(parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            dict(parse_qsl(body, keep_blank_values=True)),
            (str(self.client_address[0]), int(self.client_address[1])),
        )

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        in_chunks = answer.chunked or answer.endless
        if in_chunks:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.status not in _NO_BODY and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in _NO_BODY:
            self._send_body(answer, in_chunks)

    def _send_body(self, answer: Answer, in_chunks: bool) -> None:
        for piece in self._pieces(answer):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if in_chunks else piece)
        if answer.sent is not None:
            self.close_connection = True
        elif in_chunks:
            self.wfile.write(b"0\r\n\r\n")

    def _pieces(self, answer: Answer) -> Iterator[bytes]:
        body = answer.body[: answer.sent]
        while answer.endless and not self.server.stopping.is_set():
            yield body
        if answer.bytes_per_second is None:
            yield from [body] if body else []
            return
        size = max(1, int(answer.bytes_per_second / _PIECES_PER_SECOND))
        for start in range(0, len(body), size):
            yield body[start : start + size]
            if self.server.stopping.wait(size / answer.bytes_per_second):
                raise ConnectionAbortedError
