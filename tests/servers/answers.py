"""An HTTP server that gives wrong answers first: it answers as it is told, then hands on to a real server."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What to answer instead of the real server."""

    status: int
    body: bytes = b""
    content_type: str = "application/xml"


@dataclass
class Answers:
    """The next answers, in order; requests of other methods, and all after the last answer, are handed on."""

    port: int
    waiting: list[Answer | None] = field(default_factory=list)
    methods: frozenset[str] = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE"})
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        """The address of this server."""
        return f"http://127.0.0.1:{self.port}"

    def give(self, answers: Iterable[Answer | None], *methods: str) -> None:
        """Give these answers to the next requests (of these methods); None stands for that of the real server."""
        with self.lock:
            self.waiting = list(answers)
            self.methods = frozenset(methods) or Answers.methods

    def next(self, method: str) -> Answer | None:
        """The answer to a request; None: the real server's."""
        with self.lock:
            return self.waiting.pop(0) if self.waiting and method in self.methods else None


@contextmanager
def answering(real_port: int) -> Iterator[Answers]:
    """Such a server, in front of a real one on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = answers.next(self.command)
            if answer is None:
                self._hand_on(body)
            else:
                headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
                self._reply(answer.status, headers.items(), answer.body)

        def _hand_on(self, body: bytes) -> None:
            connection = HTTPConnection("127.0.0.1", real_port, timeout=60)
            try:
                connection.request(self.command, self.path, body, dict(self.headers.items()))
                real = connection.getresponse()
                body = real.read()
                headers = dict(real.getheaders())
                if headers.pop("Transfer-Encoding", None):
                    headers["Content-Length"] = str(len(body))
                self._reply(real.status, headers.items(), body)
            finally:
                connection.close()

        def _reply(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers = Answers(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
