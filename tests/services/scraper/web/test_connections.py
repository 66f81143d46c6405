"""What leads to a server that is not on the public internet is noticed before the server is."""

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.scraper.sources import Conditions, Fetched, Item
from services.scraper.sources.addresses import AddressesSource
from services.scraper.web.connections import Resolve, resolve
from services.scraper.web.hosts import GLANCE
from shared.contract.egress_policy import EgressPolicy
from shared.contract.reasons import Drop, Reason
from shared.recipe import sources as recipe
from tests.services.scraper.conftest import Handler, Server, serving


class Names:
    """A name service that answers each question with the next of its answers, and the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.questions: list[str] = []
        self._answers = list(answers)

    def resolve(self, host: str, port: int) -> list[str]:
        self.questions.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
def inner(server: Server) -> Iterator[Server]:
    """A server that nobody may ask, at the port of the one that may be asked."""
    with serving(Server("127.0.0.2", server.server_port)) as inner:
        inner.routes = {"/a.png": lambda handler: handler.answer(body=b"secret")}
        yield inner


LOOPBACK = EgressPolicy.of("127.0.0.1")


def _fetch(*addresses: str, names: Resolve = resolve, egress: EgressPolicy = LOOPBACK) -> list[Fetched | Drop]:
    section = recipe.AddressesSource(urls=addresses, pause=0, timeout=20)
    with closing(AddressesSource(section, Conditions(100_000, lambda: False, egress), names)) as source:
        return [source.fetch(Item(address, address)) for address in addresses]


def _refused(address: str, names: Resolve = resolve) -> str:
    [dropped] = _fetch(address, names=names)
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED
    return dropped.detail


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "127.2", "0x7f000002", "2130706434", "[::ffff:127.0.0.2]", "[::1]", "0.0.0.0"]
)
def test_a_redirect_to_a_private_address_is_refused_however_it_is_written(
    server: Server, inner: Server, host: str
) -> None:
    to = f"http://{host}:{server.server_port}/a.png"
    server.routes = {"/a.png": lambda handler: handler.answer(302, Location=to)}
    assert "is not a public address" in _refused(server.address("/a.png"))
    assert len(server.requests_received) == 1
    assert inner.requests_received == []


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "10.0.0.1", "[fd00::1]", "100.64.0.1"])
def test_a_private_address_is_refused_at_once(host: str) -> None:
    assert "is not a public address" in _refused(f"http://{host}/latest/meta-data/")


def test_a_public_address_is_asked_at_the_ports_of_web_servers_alone() -> None:
    names = Names(["93.184.215.14"])
    assert "port 5672 is not one of a public web server" in _refused("http://pictures.example:5672/", names.resolve)


def test_a_name_is_resolved_once_and_asked_at_what_was_found(server: Server, inner: Server) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    server.routes = {"/a.png": lambda handler: handler.answer(body=b"picture")}
    address = f"http://pictures.example:{server.server_port}/a.png"
    fetched, refused = _fetch(address, address, names=names.resolve)
    assert isinstance(fetched, Fetched)
    assert fetched.facts["url"] == address
    assert [headers["Host"] for _, headers in server.requests_received] == [f"pictures.example:{server.server_port}"]
    assert isinstance(refused, Drop)
    assert "127.0.0.2 is not a public address" in refused.detail
    assert names.questions == ["pictures.example"] * 2
    assert inner.requests_received == []


def test_a_redirect_to_the_same_name_is_checked_anew(server: Server, inner: Server) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    server.routes = {"/a.png": lambda handler: handler.answer(302, Location="/a.png")}
    assert "127.0.0.2" in _refused(f"http://pictures.example:{server.server_port}/a.png", names.resolve)
    assert (len(server.requests_received), inner.requests_received) == (1, [])


def test_all_that_a_name_stands_for_must_be_public(server: Server, inner: Server) -> None:
    names = Names(["127.0.0.1", "127.0.0.2"])
    assert "127.0.0.2" in _refused(f"http://pictures.example:{server.server_port}/a.png", names.resolve)
    assert server.requests_received == inner.requests_received == []


def test_if_one_address_of_a_name_does_not_answer_the_next_is_tried(
    server: Server,
) -> None:
    server.routes = {"/a.png": lambda handler: handler.answer(body=b"picture")}
    names = Names(["127.0.0.3", "127.0.0.1"])
    [fetched] = _fetch(
        f"http://pictures.example:{server.server_port}/a.png",
        names=names.resolve,
        egress=EgressPolicy.of("127.0.0.0/29"),
    )
    assert isinstance(fetched, Fetched)


def test_a_name_that_nobody_has_is_a_failure() -> None:
    assert "pictures.invalid cannot be found" in _refused("http://pictures.invalid/a.png")


def test_a_name_that_cannot_be_one_is_a_failure() -> None:
    assert _refused(f"http://{'a' * 64}.example/a.png")


def test_proxies_of_the_environment_are_not_asked(
    server: Server, inner: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.2:{inner.server_port}")
    server.routes = {"/a.png": lambda handler: handler.answer(body=b"picture")}
    [fetched] = _fetch(server.address("/a.png"))
    assert isinstance(fetched, Fetched)
    assert inner.requests_received == []


@pytest.fixture
def secure(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server with a certificate that is good for pictures.example."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=pictures.example", "-addext", "subjectAltName=DNS:pictures.example"]
    where = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *where, *subject]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.routes = {"/a.png": lambda handler: handler.answer(body=b"picture")}
    return server


def test_certificates_are_checked_against_the_name_and_not_the_number(secure: Server) -> None:
    names = Names(["127.0.0.1"])
    good, bad = (f"https://{name}.example:{secure.server_port}/a.png" for name in ("pictures", "other"))
    fetched, refused = _fetch(good, bad, names=names.resolve, egress=EgressPolicy.of("127.0.0.0/29"))
    assert isinstance(fetched, Fetched)
    assert isinstance(refused, Drop)
    assert "certificate" in refused.detail.lower()
    assert len(secure.requests_received) == 1


def test_a_file_that_comes_in_pieces_over_tls_is_whole(secure: Server) -> None:
    pieces = [bytes([number]) * 30_000 for number in range(3)]

    def slowly(handler: Handler) -> None:
        handler.begin(Content_Length="90000")
        for piece in pieces:
            handler.wfile.write(piece)
            time.sleep(1.5 * GLANCE)

    secure.routes["/b.png"] = slowly
    address = f"https://pictures.example:{secure.server_port}/b.png"
    [fetched] = _fetch(address, names=Names(["127.0.0.1"]).resolve)
    assert isinstance(fetched, Fetched)
    assert fetched.data == b"".join(pieces)
