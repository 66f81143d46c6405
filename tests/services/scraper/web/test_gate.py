"""What another program asks through the gate: where it may go, and when."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest

from demo.board.messages import Answer
from services.scraper.web.conditions import Conditions
from services.scraper.web.connections import Resolve, resolve
from services.scraper.web.gate import Gate
from services.scraper.web.hosts import Hosts
from services.scraper.web.politeness import Politeness
from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import HostRefuses, Interrupted, RunUnusable
from tests.services.scraper.conftest import Server
from tests.services.scraper.web.conftest import Serve, SkippedTime, file_of
from tests.services.scraper.web.test_connections import Names, secure

__all__ = ["secure"]  # a fixture

POLITE = Politeness(pause=1.0)


def gate_of(hosts: Hosts, politeness: Politeness = POLITE, names: Resolve = resolve) -> Gate:
    return Gate(Conditions(0, lambda: False, EgressPolicy.of("127.0.0.1"), hosts), politeness, names)


@pytest.fixture
def gate(hosts: Hosts) -> Iterator[Gate]:
    with gate_of(hosts) as gate:
        yield gate


def program(gate: Gate, verify: ssl.SSLContext | bool = True) -> httpx.Client:
    return httpx.Client(proxy=gate.address, trust_env=False, verify=verify, timeout=20)


def test_a_file_comes_through_whole_and_the_host_hears_nothing_of_the_gate(gate: Gate, serve: Serve) -> None:
    server = serve()
    with program(gate) as client:
        answer = client.get(f"{server.address}/file/a?b=c", headers={"User-Agent": "a program"})
    assert answer.content == file_of("/file/a")
    (entry,) = server.log
    assert (entry.path, dict(entry.query), entry.headers["user-agent"]) == ("/file/a", {"b": "c"}, "a program")
    assert not [name for name in entry.headers if name.startswith("proxy")]
    assert entry.headers["host"] == server.address.removeprefix("http://")


@pytest.mark.parametrize("path", ["", "/", "/a%28b%29?c=%2F%5B|", "/?a=http://b.example/c", "?a"])
def test_an_address_comes_through_as_it_is_written(gate: Gate, serve: Serve, path: str) -> None:
    server = serve()
    given = base64.b64encode(urlsplit(gate.address).netloc.rpartition("@")[0].encode()).decode()
    with closing(socket.create_connection(("127.0.0.1", urlsplit(gate.address).port or 0), 20)) as connection:
        head = f"GET {server.address}{path} HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic {given}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 404 ")
    (entry,) = server.log
    assert entry.path == unquote(urlsplit(path).path or "/")
    assert dict(entry.query) == dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))


@pytest.mark.parametrize(
    "head", [b"nonsense\r\n\r\n", b"GET /\r\n\r\n", b"a" * 2**17, b"GET http://a/ HTTP/1.0\r\n\r\n"]
)
def test_what_is_no_request_to_a_proxy_is_refused(gate: Gate, head: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", urlsplit(gate.address).port or 0), 20)) as connection:
        connection.sendall(head)
        with suppress(ConnectionResetError):
            assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert gate.trouble is None


def test_a_form_comes_through_whole(gate: Gate, serve: Serve) -> None:
    server = serve()
    server.routes["/form"] = lambda request: Answer(200, request.form["a"].encode())
    with program(gate) as client:
        assert client.post(f"{server.address}/form", data={"a": "b" * 100_000}).text == "b" * 100_000


def test_each_request_waits_for_the_turn_of_its_host(gate: Gate, serve: Serve, skipped_time: SkippedTime) -> None:
    server = serve()
    with program(gate) as client:
        for name in "abc":
            client.get(f"{server.address}/file/{name}")
    assert 1.5 < skipped_time.skipped < 2.5
    assert server.log.most_connections == 1


def test_nobody_else_asks_the_host_meanwhile(gate: Gate, serve: Serve, hosts: Hosts) -> None:
    server, asked, go_on = serve(), threading.Event(), threading.Event()

    def slow(request: object) -> Answer:
        asked.set()
        go_on.wait(20)
        return Answer(200, b"late")

    server.routes["/slow"] = slow
    key = server.address.removeprefix("http://")
    with program(gate) as client:
        asking = threading.Thread(target=client.get, args=(f"{server.address}/slow",))
        asking.start()
        assert asked.wait(20)
        looked: list[int] = []

        def stopping() -> bool:
            looked.append(1)
            return len(looked) > 3

        with pytest.raises(Interrupted), hosts.turn(key, Politeness(pause=0), stopping):
            raise AssertionError("the host's turn was free")
        go_on.set()
        asking.join()
    assert len(looked) > 3


@pytest.mark.parametrize("address", ["http://127.0.0.2:1/a", "http://10.0.0.1/a", "https://169.254.169.254/a"])
def test_what_is_not_public_is_not_asked(gate: Gate, address: str) -> None:
    with program(gate) as client, pytest.raises((httpx.ProxyError, httpx.HTTPStatusError)):
        client.get(address).raise_for_status()
    assert isinstance(gate.trouble, RunUnusable)
    assert "is not a public address" in str(gate.trouble)


def test_a_name_is_asked_at_the_address_that_was_checked(hosts: Hosts, serve: Serve) -> None:
    server, names = serve(), Names(["127.0.0.1"], ["127.0.0.2"])
    port = urlsplit(server.address).port
    with gate_of(hosts, names=names.resolve) as gate, program(gate) as client:
        assert client.get(f"http://board.example:{port}/file/a").content == file_of("/file/a")
        assert client.get(f"http://board.example:{port}/file/a").status_code == 403
    assert names.questions == ["board.example"] * 2
    assert "127.0.0.2 is not a public address" in str(gate.trouble)


def test_a_host_that_is_closed_is_not_asked(gate: Gate, serve: Serve, hosts: Hosts) -> None:
    server = serve()
    hosts.closed(server.address.removeprefix("http://"), "wants a person", 900.0)
    with program(gate) as client:
        assert client.get(f"{server.address}/file/a").status_code == 403
    assert isinstance(gate.trouble, HostRefuses)
    assert server.log == []


def test_a_host_that_cannot_be_reached_is_a_bad_gateway(gate: Gate) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with program(gate) as client:
        assert client.get(f"http://127.0.0.1:{port}/").status_code == 502
    assert gate.trouble is None


@pytest.mark.parametrize("word", ["", "wrong"])
def test_only_the_program_with_the_password_is_let_through(gate: Gate, serve: Serve, word: str) -> None:
    server, port = serve(), urlsplit(gate.address).port
    given = f"magritte:{word}@" if word else ""
    with httpx.Client(proxy=f"http://{given}127.0.0.1:{port}", trust_env=False) as client:
        assert client.get(f"{server.address}/file/a").status_code == 407
    assert server.log == []


def test_each_request_over_tls_waits_for_the_turn_of_its_host(
    hosts: Hosts, secure: Server, skipped_time: SkippedTime, tmp_path: Path
) -> None:
    trusting = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
    with gate_of(hosts, names=Names(["127.0.0.1"]).resolve) as gate, program(gate, trusting) as client:
        for _ in range(4):
            address = f"https://pictures.example:{secure.server_port}/a.png"
            assert client.get(address).content == b"picture"
    assert len(secure.requests_received) == 4
    assert skipped_time.skipped > 2.5


def test_nothing_is_carried_once_it_is_left(hosts: Hosts, serve: Serve) -> None:
    server = serve()
    with gate_of(hosts) as gate:
        address = gate.address
    with httpx.Client(proxy=address, trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(f"{server.address}/file/a")
