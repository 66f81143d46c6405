"""A server of one large file on loopback, which can be asked for the rest of it and hangs up when it is told to."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class DownloadServer(ThreadingHTTPServer):
    """Serves `content` at /file; /elsewhere redirects to 127.0.0.2. Notes every Range that it is asked for.

    After `cut_after` bytes of an answer it hangs up, once it is `going_on`. With another `tag` the file is another one.
    """

    def __init__(self, content: bytes, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.content = content
        self.tag = '"first"'
        self.cut_after: int | None = None
        self.going_on = threading.Event()
        self.going_on.set()
        self.knows_ranges = True
        self.tells_length = True
        self.ranges: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_port}/file"


class _Handler(BaseHTTPRequestHandler):
    server: DownloadServer

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers["Range"])
        if self.path == "/file":
            self._send_file()
            return
        self.send_response({"/elsewhere": 302}.get(self.path, 404))
        self.send_header("Location", f"http://127.0.0.2:{self.server.server_port}/file")
        self.end_headers()

    def _send_file(self) -> None:
        content, asked = self.server.content, re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        is_same = self.headers["If-Range"] == self.server.tag
        start = int(asked[1]) if asked and is_same and self.server.knows_ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.server.tells_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", self.server.tag)
        self.end_headers()
        self.wfile.write(content[start:][: self.server.cut_after])
        self.server.going_on.wait()

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the client has heard enough
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(server: DownloadServer) -> Iterator[DownloadServer]:
    """Answer until the context is left."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.going_on.set()
        server.shutdown()
        thread.join()
