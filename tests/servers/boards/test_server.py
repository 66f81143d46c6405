"""The server of the loopback boards: its log, files in parts, and its end."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection

import httpx
import pytest

from demo.board.files import file_answer
from demo.board.messages import Answer, Entry, Log, Request, text_answer
from demo.board.server import Server
from tests.servers.boards.conftest import Connect

FILE = bytes(range(200)) * 10
CHANGED = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
STAMP = "Sat, 03 Feb 2024 04:05:06 GMT"


def answer(request: Request) -> Answer:
    if request.path == "/file":
        return file_answer(request, FILE, "one", CHANGED, "png")
    if request.path == "/slow":
        return Answer(200, FILE, bytes_per_second=0.001)
    if request.path == "/mistake":
        raise KeyError("a mistake of the board")
    return text_answer(f"{request.method} {request.query} {request.form}")


def fetched(server: Server, path: str) -> bytes:
    """Fetch over a connection of its own; unlike httpx without 60 ms for a TLS context."""
    with closing(HTTPConnection("127.0.0.1", server.server_port)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(answer) as server:
        yield server


@pytest.fixture
def client(server: Server, connect: Connect) -> httpx.Client:
    return connect(server.address)


def test_a_request_is_understood_and_logged(server: Server, client: httpx.Client) -> None:
    assert client.post("/a b", params={"x": "ü"}, data={"y": "1"}).text == "POST {'x': 'ü'} {'y': '1'}"
    (entry,) = server.log
    assert (entry.method, entry.path, entry.query, entry.status) == ("POST", "/a b", {"x": "ü"}, 200)
    assert entry.headers["user-agent"].startswith("Magritte")
    assert entry.client[0] == "127.0.0.1"


def test_the_log_finds_requests_by_path(server: Server, client: httpx.Client) -> None:
    for path in ("/original/1.png", "/original/2.png", "/posts.json"):
        client.get(path)
    assert [entry.path for entry in server.log.requests_for("/original/*")] == ["/original/1.png", "/original/2.png"]
    assert len(server.log.requests_for("/posts.json")) == 1
    server.forget()
    assert server.log == []


def test_the_log_knows_the_smallest_pause() -> None:
    assert Log([entry(10)]).smallest_pause == float("inf")
    assert Log([entry(10), entry(12), entry(12.5), entry(11)]).smallest_pause == 0.5


def entry(at: float) -> Entry:
    return Entry("GET", "/", {}, {}, at, 200, 1, ("127.0.0.1", 1))


def test_a_kept_connection_is_one_and_three_clients_have_three(server: Server, connect: Connect) -> None:
    first, second, third = (connect(server.address) for _ in range(3))
    first.get("/")
    first.get("/")
    assert server.log.most_connections == 1
    assert len({entry.client for entry in server.log}) == 1
    second.get("/")
    third.get("/")
    assert server.log.most_connections == 3


def test_a_connection_that_its_client_has_closed_is_not_counted(server: Server) -> None:
    ours, theirs = socket.socketpair()
    with ours, server.connection(ours):
        fetched(server, "/")
        theirs.close()
        fetched(server, "/")
    assert [entry.connections for entry in server.log] == [2, 1]


def test_head_answers_without_the_body(client: httpx.Client) -> None:
    head = client.head("/file")
    assert (head.headers["content-length"], head.content) == (str(len(FILE)), b"")


def test_a_part_is_given_if_the_file_is_still_the_same(client: httpx.Client) -> None:
    whole = client.get("/file")
    assert (whole.headers["etag"], whole.headers["last-modified"]) == ('"one"', STAMP)
    for same in ('"one"', STAMP, None):
        headers = {"Range": "bytes=1500-"} | ({"If-Range": same} if same else {})
        part = client.get("/file", headers=headers)
        assert (part.status_code, part.content) == (206, FILE[1500:])
        assert part.headers["content-range"] == "bytes 1500-1999/2000"


@pytest.mark.parametrize("other", ['"two"', 'W/"one"', "Sat, 03 Feb 2024 04:05:07 GMT", "nonsense"])
def test_the_whole_file_is_given_if_it_is_another_one(client: httpx.Client, other: str) -> None:
    answer = client.get("/file", headers={"Range": "bytes=1500-", "If-Range": other})
    assert (answer.status_code, answer.content) == (200, FILE)


@pytest.mark.parametrize(("asked", "given"), [("0-0", FILE[:1]), ("-5", FILE[-5:]), ("1990-5000", FILE[1990:])])
def test_parts_have_a_beginning_and_an_end(client: httpx.Client, asked: str, given: bytes) -> None:
    assert client.get("/file", headers={"Range": f"bytes={asked}"}).content == given


def test_a_part_beyond_the_end_is_416(client: httpx.Client) -> None:
    answer = client.get("/file", headers={"Range": "bytes=2000-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */2000")


def test_a_file_that_is_known_already_is_304(client: httpx.Client) -> None:
    assert client.get("/file", headers={"If-None-Match": '"one"'}).status_code == 304
    assert client.get("/file").content == FILE


def test_a_mistake_of_the_board_is_told(client: httpx.Client) -> None:
    answer = client.get("/mistake")
    assert answer.status_code == 501
    assert "a mistake of the board" in answer.text


def test_many_clients_are_answered_at_once(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: fetched(server, "/file"), range(80)))
    assert files == [FILE] * 80
    assert len(server.log) == 80


def test_the_end_waits_for_no_client(connect: Connect) -> None:
    with socket.socket() as slow:
        with Server(answer) as server:
            connect(server.address).get("/")
            slow.connect(("127.0.0.1", server.server_port))
            slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            received = slow.recv(4096)
        assert received.startswith(b"HTTP/1.1 200")
        while more := slow.recv(4096):
            received += more
    assert len(received) < len(FILE)
