import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.scraper.sources import Conditions, Fetched, Item
from services.scraper.sources.addresses import AddressesSource
from services.scraper.web.call import REDIRECTS
from services.scraper.web.client import user_agent
from services.scraper.web.politeness import Politeness
from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import Interrupted, Transient
from shared.contract.reasons import Drop, Reason
from shared.recipe import sources as recipe
from tests.services.scraper.conftest import Handler, Server
from tests.services.scraper.items import items_of

ATTEMPTS = Politeness().attempts
MAX_BYTES = 100_000


@contextmanager
def _source(*urls: str, stopping: Callable[[], bool] = lambda: False, **fields: Any) -> Iterator[AddressesSource]:
    source = AddressesSource(
        recipe.AddressesSource(**{"urls": urls, "pause": 0, "timeout": 20, **fields}),
        Conditions(MAX_BYTES, stopping, EgressPolicy.of("127.0.0.1")),
    )
    with closing(source):
        yield source


def _fetch(server: Server, path: str = "/a.png", **fields: Any) -> Fetched | Drop:
    with _source(server.address(path), **fields) as source:
        [item] = items_of(source)
        return source.fetch(item)


def _dropped(server: Server, path: str = "/a.png", **fields: Any) -> tuple[Reason, str]:
    dropped = _fetch(server, path, **fields)
    assert isinstance(dropped, Drop)
    return dropped.reason, dropped.detail


def _paths(server: Server) -> list[str]:
    return [path for path, _ in server.requests_received]


def test_a_list_in_a_file_may_hold_comments_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "addresses.txt"
    path.write_bytes(
        b"\xef\xbb\xbf# of 2019\r\n\r\nhttps://a.example/1.png\r\n  https://a.example/2.png#x  # best\n#https://no\n"
    )
    with _source(urls=path, score=4) as source:
        assert list(items_of(source)) == [
            Item(address, address, score=4) for address in ("https://a.example/1.png", "https://a.example/2.png#x")
        ]


def test_a_list_that_is_gone_is_no_empty_list(tmp_path: Path) -> None:
    with _source(urls=tmp_path / "gone.txt") as source, pytest.raises(Transient, match="No such file"):
        list(items_of(source))


def test_a_picture_is_fetched_as_it_is(server: Server) -> None:
    server.routes["/x%20y/a.png?size=1"] = lambda handler: handler.answer(
        body=b"picture", Content_Type="image/png", Last_Modified="Thu, 01 Jan 2026 12:00:00 GMT"
    )
    fetched = _fetch(server, "/x%20y/a.png?size=1#part")
    assert isinstance(fetched, Fetched)
    assert fetched.data == b"picture"
    assert fetched.facts["fetched"].startswith("20")
    assert {name: value for name, value in fetched.facts.items() if name != "fetched"} == {
        "name": "a.png",
        "url": server.address("/x%20y/a.png?size=1#part"),
        "media_type": "image/png",
        "modified": "Thu, 01 Jan 2026 12:00:00 GMT",
    }


def test_the_client_says_who_it_is(server: Server) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(body=b"picture")
    _fetch(server)
    [(_, headers)] = server.requests_received
    assert headers["User-Agent"] == user_agent()
    assert headers["User-Agent"].startswith("Magritte/")
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [403, 404, 410, 451, 204])
def test_a_final_answer_without_a_picture_is_not_asked_for_again(server: Server, status: int) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(status)
    reason, detail = _dropped(server)
    assert reason is Reason.FETCH_FAILED
    assert f"HTTP {status}" in detail
    assert len(server.requests_received) == 1


def test_redirects_are_followed(server: Server) -> None:
    for number in range(REDIRECTS):
        server.routes[f"/{number}"] = lambda handler, to=f"/{number + 1}": handler.answer(302, Location=to)  # type: ignore[misc]
    server.routes[f"/{REDIRECTS}"] = lambda handler: handler.answer(body=b"picture")
    fetched = _fetch(server, "/0")
    assert isinstance(fetched, Fetched)
    assert fetched.facts["url"] == server.address(f"/{REDIRECTS}")


def test_a_redirect_loop_ends(server: Server) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(301, Location="/a.png")
    assert _dropped(server) == (Reason.FETCH_FAILED, f"more than {REDIRECTS} redirects")
    assert len(server.requests_received) == REDIRECTS + 1


@pytest.mark.parametrize("to", ["ftp://127.0.0.1/a.png", "file:///etc/passwd", "javascript:alert(1)"])
def test_a_redirect_to_another_scheme_is_refused(server: Server, to: str) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(302, Location=to)
    reason, detail = _dropped(server)
    assert reason is Reason.FETCH_FAILED
    assert "address" in detail
    assert len(server.requests_received) == 1


def test_a_wrong_scheme_is_refused_without_a_request() -> None:
    with _source("ftp://127.0.0.1/a.png") as source:
        dropped = source.fetch(next(items_of(source)))
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED


def test_a_body_declared_too_long_is_not_received(server: Server) -> None:
    server.routes["/a.png"] = lambda handler: handler.begin(Content_Length=str(MAX_BYTES + 1))
    assert _dropped(server) == (Reason.TOO_MANY_BYTES, f"{MAX_BYTES + 1} bytes, at most {MAX_BYTES} are fetched")


def _sends(handler: Handler, piece: bytes, pause: float = 0.0) -> None:
    """Send a piece again and again until the client hangs up."""
    while True:
        handler.wfile.write(piece)
        time.sleep(pause)


def test_an_endless_body_is_cut_off_at_the_limit(server: Server) -> None:
    sent = []

    def endless(handler: Handler) -> None:
        handler.begin(Content_Type="image/png")
        while True:
            sent.append(handler.wfile.write(b"x" * 1000))

    server.routes["/a.png"] = endless
    assert _dropped(server)[0] is Reason.TOO_MANY_BYTES
    assert sum(sent) < 100 * MAX_BYTES  # what lies in the buffers of both ends, too


def test_a_slow_body_is_given_up_when_the_time_is_over(server: Server) -> None:
    def slow(handler: Handler) -> None:
        handler.begin()
        _sends(handler, b"x", 0.05)

    server.routes["/a.png"] = slow
    assert _dropped(server, timeout=0.5) == (Reason.FETCH_FAILED, "not complete after 0.5 seconds")


def test_a_slow_head_is_given_up_when_the_time_is_over(server: Server) -> None:
    def slow(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        _sends(handler, b"x", 0.05)

    server.routes["/a.png"] = slow
    assert _dropped(server, timeout=0.5) == (Reason.FETCH_FAILED, "not complete after 0.5 seconds")


def test_a_silent_server_is_given_up_when_the_time_is_over(server: Server) -> None:
    over = threading.Event()
    server.routes["/a.png"] = lambda handler: (over.wait(20), None)[1]
    try:
        assert _dropped(server, timeout=0.3) == (Reason.FETCH_FAILED, "not complete after 0.3 seconds")
    finally:
        over.set()


def _first_then(refusal: Callable[[Handler], None], times: int = 1) -> Callable[[Handler], None]:
    left = iter(range(times))
    return lambda handler: refusal(handler) if next(left, None) is not None else handler.answer(body=b"picture")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(server: Server, status: int) -> None:
    server.routes["/a.png"] = _first_then(lambda handler: handler.answer(status, Retry_After="1"))
    started = time.monotonic()
    assert isinstance(_fetch(server), Fetched)
    assert time.monotonic() - started >= 1
    assert len(server.requests_received) == 2


def test_the_pauses_that_a_server_asks_for_do_not_count_as_time_of_the_picture(server: Server) -> None:
    server.routes["/a.png"] = _first_then(lambda handler: handler.answer(503, Retry_After="1"))
    assert isinstance(_fetch(server, timeout=0.9), Fetched)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_stays_busy_is_given_up(server: Server, status: int) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(status, Retry_After="0")
    reason, detail = _dropped(server)
    assert reason is Reason.FETCH_FAILED
    assert f"HTTP {status}" in detail
    assert len(server.requests_received) == ATTEMPTS


def test_a_server_that_asks_for_a_very_long_pause_is_not_waited_for(server: Server) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(429, Retry_After="86400")
    assert _dropped(server)[0] is Reason.FETCH_FAILED
    assert len(server.requests_received) == 1


def test_a_body_that_is_cut_short_is_asked_for_again(server: Server) -> None:
    def cut(handler: Handler) -> None:
        handler.begin(Content_Length="100")
        handler.wfile.write(b"x" * 50)

    server.routes["/a.png"] = _first_then(cut)
    fetched = _fetch(server)
    assert isinstance(fetched, Fetched)
    assert fetched.data == b"picture"


def test_a_server_that_hangs_up_every_time_is_given_up(server: Server) -> None:
    def hang_up(handler: Handler) -> None:
        handler.close_connection = True

    server.routes["/a.png"] = hang_up
    reason, detail = _dropped(server)
    assert reason is Reason.FETCH_FAILED
    assert f"asked {ATTEMPTS} times" in detail


def test_where_nobody_listens_nothing_is_fetched(server: Server) -> None:
    address = server.address("/a.png")
    server.shutdown()
    server.server_close()
    with _source(address) as source:
        dropped = source.fetch(next(items_of(source)))
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_an_encoding_that_was_not_asked_for_is_undone(server: Server, pack: Callable[[bytes], bytes]) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    server.routes["/a.png"] = lambda handler: handler.answer(body=pack(b"picture"), Content_Encoding=encoding)
    fetched = _fetch(server)
    assert isinstance(fetched, Fetched)
    assert fetched.data == b"picture"


def test_a_gzip_bomb_is_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < MAX_BYTES
    server.routes["/a.png"] = lambda handler: handler.answer(body=bomb, Content_Encoding="gzip")
    assert _dropped(server)[0] is Reason.TOO_MANY_BYTES


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("br", b"picture"), ("gzip", b"picture"), ("gzip", gzip.compress(b"picture", mtime=0)[:-9]), ("gzip, gzip", b"")],
    ids=["an unknown one", "another one", "cut short", "twice"],
)
def test_an_encoding_that_cannot_be_undone_is_a_failure(server: Server, encoding: str, body: bytes) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(body=body, Content_Encoding=encoding)
    assert _dropped(server)[0] is Reason.FETCH_FAILED


@pytest.mark.parametrize(
    "robots", ["noai", "noimageai", "NoIndex, nofollow", "none", "otherbot: noindex", "nofollow, noai"]
)
def test_an_opt_out_is_heeded(server: Server, robots: str) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(body=b"picture", X_Robots_Tag=robots)
    assert _dropped(server) == (Reason.OPTED_OUT, f"X-Robots-Tag: {robots}")


def test_other_words_for_robots_are_no_opt_out(server: Server) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(body=b"picture", X_Robots_Tag="nofollow, noarchive, all")
    assert isinstance(_fetch(server), Fetched)


def test_there_is_a_pause_between_two_requests_to_one_host(server: Server) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(302, Location="/b.png")
    server.routes["/b.png"] = lambda handler: handler.answer(body=b"picture")
    started = time.monotonic()
    with _source(server.address("/a.png"), server.address("/b.png"), pause=0.3) as source:
        assert all(isinstance(source.fetch(item), Fetched) for item in items_of(source))
    assert time.monotonic() - started >= 0.6
    assert _paths(server) == ["/a.png", "/b.png", "/b.png"]


@pytest.mark.parametrize("pause", [0, 60])
def test_asked_to_stop_it_neither_waits_for_a_pause_nor_for_an_answer(server: Server, pause: float) -> None:
    over, requested = threading.Event(), threading.Event()

    def silent(handler: Handler) -> None:
        requested.set()
        over.wait(20)

    server.routes |= {"/a.png": lambda handler: handler.answer(body=b"picture"), "/b.png": silent}
    with _source(server.address("/a.png"), server.address("/b.png"), pause=pause, stopping=over.is_set) as source:
        first, second = items_of(source)
        assert isinstance(source.fetch(first), Fetched)
        threading.Timer(0.3, over.set).start()
        with pytest.raises(Interrupted):
            source.fetch(second)
    assert requested.is_set() == (pause == 0)
