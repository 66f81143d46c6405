import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from PIL import Image

from services.scraper.declaration import ScraperEnvironment
from services.scraper.stage import Scraper
from shared.contract.messages import ListingDue, Message, RunRequested
from shared.contract.stage import Context, Death
from shared.recipe.recipe import Recipe
from shared.store import FolderStore

Picture = Callable[..., bytes]
Scrape = Callable[..., list[Message]]


def scraping(
    message: RunRequested | ListingDue, recipe: Recipe, store: FolderStore, stage: Scraper | None = None, **context: Any
) -> Iterator[Message | Death]:
    """What a scraper within reach of `server` publishes, page after page, but for that the next page is due."""
    stage = stage or Scraper()
    stage.setup(ScraperEnvironment(private_networks="127.0.0.1"), None)
    due: RunRequested | ListingDue | None = message
    while due is not None:
        found, due = stage.process(due, stage.settings(recipe), Context(store, **context)), None
        for published in found:
            if isinstance(published, ListingDue):
                due = published
            else:
                yield published


@pytest.fixture(scope="session")
def picture() -> Picture:
    """An encoded picture; another number is another picture."""

    def picture(number: int = 0, kind: str = "PNG", size: tuple[int, int] = (100, 120)) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", size, (number % 256, number // 256 % 256, 100)).save(file, kind)
        return file.getvalue()

    return picture


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def scrape(store: FolderStore) -> Scrape:
    """What the scraper announces of one source of a run."""

    def scrape(*sources: dict[str, Any], run: str = "run-001", source: int = 0, **sections: Any) -> list[Message]:
        recipe = Recipe.model_validate({"name": "anya", "sources": sources, **sections})
        return list(scraping(RunRequested(run=run, source=source), recipe, store))

    return scrape


class Handler(BaseHTTPRequestHandler):
    """Answers by the routes of its server."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.server.requests_received.append((self.path, dict(self.headers)))
        self.server.routes[self.path](self)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """One answer; underscores in the names of headers become hyphens."""
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, **headers: str) -> None:
        """The head of an answer whose body ends when the connection does."""
        self.close_connection = True
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    """A web server on a loopback address. Set `routes`; `requests_received` are paths and headers of all requests."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.routes: dict[str, Callable[[Handler], None]] = {}
        self.requests_received: list[tuple[str, dict[str, str]]] = []

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Answer until the context is left."""
    with server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that may be asked though it is not on the public internet, by who has the reach for it."""
    with serving(Server()) as server:
        yield server
