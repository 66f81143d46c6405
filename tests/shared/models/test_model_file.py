import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import RecipeError, RunUnusable, Transient
from shared.models.model_file import Fetching, ModelFile, digest_of, read_model

MODEL = b"<opencv_storage/>"
DIGEST = hashlib.sha256(MODEL).hexdigest()
MOST_BYTES = 100_000


def named(model: str, sha256: str = "") -> ModelFile:
    return ModelFile("faces.cascade", model, sha256, MOST_BYTES)


class ModelServer(ThreadingHTTPServer):
    """Serves the model at /model.xml, far too much at /endless, and notes what it is asked for.

    At /elsewhere it says that the model is at 127.0.0.2.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.send_response({"/gone": 404, "/elsewhere": 302}.get(self.path, 200))
        self.send_header("Location", f"http://127.0.0.2:{self.server.server_port}/model.xml")
        self.end_headers()
        self.wfile.write(MODEL if self.path == "/model.xml" else bytes(MOST_BYTES + 1))

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the client has heard enough
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(server: ModelServer) -> Iterator[ModelServer]:
    """Answer until the context is left."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A server that may be asked though it is not on the public internet."""
    with serving(ModelServer()) as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "magritte"


@pytest.fixture
def fetching(cache: Path) -> Fetching:
    return Fetching(EgressPolicy.of("127.0.0.1"), cache)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "model.xml").write_bytes(MODEL)
    return tmp_path / "model.xml"


@pytest.mark.parametrize("digest", ["", DIGEST])
def test_a_file_is_read(file: Path, digest: str, fetching: Fetching) -> None:
    assert read_model(named(str(file), digest), fetching) == MODEL


def test_a_file_with_another_digest_is_refused(file: Path, fetching: Fetching) -> None:
    with pytest.raises(RunUnusable, match=f"its SHA-256 is {DIGEST}"):
        read_model(named(str(file), "0" * 64), fetching)


def test_the_digest_of_a_model_is_given_or_read(file: Path, fetching: Fetching) -> None:
    assert digest_of(named(str(file)), fetching) == DIGEST
    assert digest_of(named(f"sha256:{DIGEST}"), fetching) == DIGEST
    assert digest_of(named("https://models.invalid/model.xml", DIGEST), fetching) == DIGEST


def test_a_missing_file_is_refused_by_name(tmp_path: Path, fetching: Fetching) -> None:
    with pytest.raises(RunUnusable, match=r"gone\.xml cannot be read: No such file"):
        read_model(named(str(tmp_path / "gone.xml")), fetching)


def test_a_model_at_an_address_is_fetched_once_and_kept(server: ModelServer, cache: Path, fetching: Fetching) -> None:
    settings = named(f"{server.address}/model.xml", DIGEST)
    assert read_model(settings, fetching) == MODEL
    assert read_model(settings, fetching) == MODEL
    assert server.requests == ["/model.xml"]
    assert [path.name for path in cache.iterdir()] == [f"{DIGEST}.xml"]


def test_a_damaged_copy_in_the_cache_is_fetched_again(server: ModelServer, cache: Path, fetching: Fetching) -> None:
    cache.mkdir(parents=True)
    (cache / f"{DIGEST}.xml").write_bytes(MODEL[:5])
    assert read_model(named(f"{server.address}/model.xml", DIGEST), fetching) == MODEL
    assert (cache / f"{DIGEST}.xml").read_bytes() == MODEL


def test_a_cache_that_cannot_be_written_is_done_without(
    server: ModelServer, tmp_path: Path, fetching: Fetching
) -> None:
    (tmp_path / "cache").write_text("no folder")
    assert read_model(named(f"{server.address}/model.xml", DIGEST), fetching) == MODEL


def test_an_address_needs_a_digest(server: ModelServer, fetching: Fetching) -> None:
    with pytest.raises(RecipeError, match=r"faces\.cascade\.sha256"):
        read_model(named(f"{server.address}/model.xml"), fetching)
    assert server.requests == []


def test_another_model_than_expected_is_refused_and_not_kept(
    server: ModelServer, cache: Path, fetching: Fetching
) -> None:
    with pytest.raises(RunUnusable, match=r"is not what faces\.cascade\.sha256 means"):
        read_model(named(f"{server.address}/model.xml", "0" * 64), fetching)
    assert not cache.exists()


def test_too_large_an_answer_is_not_read_to_its_end(server: ModelServer, fetching: Fetching) -> None:
    with pytest.raises(RunUnusable, match="more than"):
        read_model(named(f"{server.address}/endless", DIGEST), fetching)


def test_a_server_that_does_not_deliver_may_do_so_later(server: ModelServer, fetching: Fetching) -> None:
    with pytest.raises(Transient, match="404"):
        read_model(named(f"{server.address}/gone", DIGEST), fetching)


@pytest.mark.parametrize("path", ["/model.xml", "/elsewhere"])
def test_a_private_address_is_told_nothing_even_by_a_redirect(
    server: ModelServer, path: str, fetching: Fetching
) -> None:
    with serving(ModelServer("127.0.0.2", server.server_port)) as inner:
        address = server.address if path == "/elsewhere" else inner.address
        with pytest.raises(
            RunUnusable, match=r"nothing is fetched from 127\.0\.0\.2: 127\.0\.0\.2 is not a public address"
        ):
            read_model(named(address + path, DIGEST), fetching)
        assert inner.requests == []
