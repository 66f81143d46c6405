"""A host that does not want to be asked is left alone, by all sources, while other hosts go on."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore
import pytest

from demo.board.messages import Answer
from services.scraper.web.client import PoliteWeb
from services.scraper.web.fetched import Fetched
from services.scraper.web.hosts import Hosts
from services.scraper.web.interface import Request as Wanted
from services.scraper.web.politeness import Limits
from shared.contract.errors import HostRefuses
from shared.contract.reasons import Drop, Reason
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault
from tests.services.scraper.web.conftest import Connect, Files, Serve, SkippedTime


def _download(web: PoliteWeb, server: Files, number: int = 0) -> Fetched | Drop:
    return web.download(Wanted(f"{server.address}/file/{number}.png"))


def test_a_challenge_ends_everything_at_once(connect: Connect, serve: Serve, skipped_time: SkippedTime) -> None:
    server, well = serve(Fault(faults.challenge(), after=3)), serve()
    web, another = connect(), connect()
    assert all(isinstance(_download(web, server, number), Fetched) for number in range(3))
    with pytest.raises(HostRefuses) as refusal:
        _download(web, server, 3)
    assert re.fullmatch(
        r"127\.0\.0\.1:\d+ answered HTTP 403 Forbidden with a challenge that wants a person: nothing more is asked of "
        r"it for 15 minutes; `magritte run RECIPE` or `magritte resume RUN` goes on later",
        str(refusal.value),
    )
    for each in (web, another):
        with pytest.raises(HostRefuses, match="challenge"):
            _download(each, server, 4)
        with pytest.raises(HostRefuses, match="challenge"):
            each.send(Wanted(f"{server.address}/posts.json"))
    assert len(server.log) == 4
    assert isinstance(_download(web, well), Fetched)
    skipped_time.skipped += 901
    with pytest.raises(HostRefuses):
        _download(web, server, 5)
    assert len(server.log) == 5


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(
    "page",
    [
        b"<html><head><title>Just a moment...</title></head>",
        b"<script src='/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1?ray=1'></script>",
        b"<title>DDoS-Guard</title>",
    ],
    ids=["title", "script", "another"],
)
def test_a_challenge_may_be_known_by_its_page_alone(web: PoliteWeb, serve: Serve, status: int, page: bytes) -> None:
    server = serve(Fault(lambda request, handle: Answer(status, page, {"Content-Type": "text/html"})))
    with pytest.raises(HostRefuses, match=f"HTTP {status}.*challenge"):
        _download(web, server)
    assert len(server.log) == 1


@pytest.mark.parametrize("status", [403, 503])
def test_a_challenge_may_be_known_by_its_header_alone(web: PoliteWeb, serve: Serve, status: int) -> None:
    server = serve(Fault(lambda request, handle: Answer(status, b"", {"cf-mitigated": "challenge"})))
    with pytest.raises(HostRefuses, match=f"HTTP {status}.*challenge"):
        _download(web, server)
    assert len(server.log) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<h1>Forbidden</h1>"),
        ("text/html", b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"),
        ("application/json", b'{"message": "<title>Just a moment"}'),
    ],
)
def test_an_ordinary_error_is_no_challenge(web: PoliteWeb, serve: Serve, kind: str, body: bytes) -> None:
    server = serve(Fault(lambda request, handle: Answer(403, body, {"Content-Type": kind})))
    assert all(isinstance(_download(web, server, number), Drop) for number in range(10))
    assert len(server.log) == 10


@pytest.mark.parametrize("spoil", [faults.too_many_requests(), faults.unavailable(1)], ids=["429", "503"])
def test_a_host_that_refuses_file_after_file_is_asked_no_more(
    web: PoliteWeb, serve: Serve, spoil: faults.Spoil
) -> None:
    server = serve(Fault(spoil, after=2))
    assert all(isinstance(_download(web, server, number), Fetched) for number in range(2))
    assert all(isinstance(_download(web, server, number), Drop) for number in (2, 3))
    for number in (4, 5):
        with pytest.raises(HostRefuses, match=r"answered HTTP \d+ .*, 7 refusals in a row: nothing more"):
            _download(web, server, number)
    assert len(server.log) == 2 + 7


def test_two_files_that_are_out_of_order_for_good_do_not_end_a_source(web: PoliteWeb, serve: Serve) -> None:
    server = serve(*(Fault(faults.unavailable(), f"/file/{number}.png") for number in (1, 2)))
    found = [type(_download(web, server, number)) for number in range(5)]
    assert found == [Fetched, Drop, Drop, Fetched, Fetched]


def test_files_that_are_refused_once_all_come(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.unavailable(), times=1, each=True))
    assert all(isinstance(_download(web, server, number), Fetched) for number in range(10))
    assert len(server.log) == 20


def test_a_host_that_has_a_limit_is_asked_within_it(connect: Connect, serve: Serve, skipped_time: SkippedTime) -> None:
    server = serve(Fault(faults.RequestsPerSecond(10, 3, faults.too_many_requests(1), skipped_time.clock)))
    web = connect()
    assert all(isinstance(_download(web, server, number), Fetched) for number in range(30))


def test_a_host_that_has_refused_is_left_in_peace_for_a_while_even_by_the_hasty(
    connect: Connect, serve: Serve, skipped_time: SkippedTime
) -> None:
    server = serve(Fault(faults.RequestsPerSecond(10, 3, clock=skipped_time.clock)))
    web = connect(pause=0.0, back_off=0.0)
    assert all(isinstance(_download(web, server, number), Fetched) for number in range(30))
    assert server.statuses.count(429) < 10


def test_a_host_that_never_answers_is_asked_no_more(connect: Connect, serve: Serve) -> None:
    server = serve(Fault(faults.silent()))
    web = connect(Limits(window=0.05))
    assert all(isinstance(_download(web, server, number), Drop) for number in range(2))
    with pytest.raises(HostRefuses, match=r"no answer, 0 bytes within \S+ seconds, 7 refusals in a row"):
        _download(web, server, 2)


def test_a_host_that_fails_every_time_is_asked_no_more(connect: Connect, serve: Serve) -> None:
    server = serve(Fault(faults.cut()))
    web = connect(attempts=1, failures=3)
    assert [type(_download(web, server, number)) for number in range(2)] == [Drop, Drop]
    with pytest.raises(HostRefuses, match="has failed 3 times in a row, lastly with RemoteProtocolError"):
        _download(web, server, 2)


def test_a_host_that_lets_nobody_in_is_asked_no_more(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(lambda request, handle: Answer(403, b"banned")))
    for number in range(19):
        assert _download(web, server, number) == Drop(Reason.FETCH_FAILED, "HTTP 403 Forbidden")
    for number in (19, 20):
        with pytest.raises(HostRefuses, match="has failed 20 times in a row, lastly with HTTP 403 Forbidden"):
            _download(web, server, number)
    assert len(server.log) == 20


def test_a_host_that_wants_a_very_long_pause_is_closed_for_that_long(
    web: PoliteWeb, serve: Serve, skipped_time: SkippedTime
) -> None:
    server = serve(Fault(faults.too_many_requests(7200), times=1))
    dropped = _download(web, server)
    assert isinstance(dropped, Drop)
    assert dropped.detail == "HTTP 429 Too Many Requests, asked once"
    with pytest.raises(HostRefuses, match="wants a pause of 2 hours"):
        _download(web, server)
    skipped_time.skipped += 7201
    assert isinstance(_download(web, server), Fetched)


def test_a_source_may_hold_a_host_itself(web: PoliteWeb, serve: Serve, skipped_time: SkippedTime) -> None:
    server = serve(Fault(faults.pixiv_rate_limit()))
    address = f"{server.address}/v1/search/illust"
    for _ in range(4):
        assert web.send(Wanted(address)).status == 403
        web.hold(address)
    with pytest.raises(HostRefuses, match="5 refusals in a row"):
        web.hold(address)
    assert 10 < skipped_time.skipped <= 2 + 4 + 8
    with pytest.raises(HostRefuses):
        web.send(Wanted(address))


def test_a_source_may_say_for_how_long(web: PoliteWeb, serve: Serve, skipped_time: SkippedTime) -> None:
    server = serve()
    for _ in range(10):
        web.hold(server.address, 300)
        assert isinstance(_download(web, server), Fetched)
    assert 2900 < skipped_time.skipped <= 3000


def test_all_threads_and_sources_share_the_pace_and_the_connection_of_a_host(connect: Connect, serve: Serve) -> None:
    server, pause = serve(), 0.03
    webs = [connect(pause=pause) for _ in range(3)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda number: _download(webs[number % 3], server, number), range(18)))
    assert all(isinstance(each, Fetched) for each in found)
    assert server.log.most_connections == 1


def test_threads_wait_for_real_between_two_requests(serve: Serve, connect: Connect, hosts: Hosts) -> None:
    real = Hosts()
    hosts.clock, hosts._sleep = real.clock, real._sleep
    server, pause = serve(), 0.05
    webs = [connect(pause=pause) for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: _download(webs[number % 2], server, number), range(8)))
    assert server.log.smallest_pause >= pause


def test_the_pause_begins_when_a_slow_host_has_answered(serve: Serve, connect: Connect, hosts: Hosts) -> None:
    real = Hosts()
    hosts.clock, hosts._sleep = real.clock, real._sleep
    server = serve(Fault(faults.silent(0.1)))
    web = connect(pause=0.1)
    assert all(isinstance(_download(web, server, number), Fetched) for number in range(3))
    assert server.log.smallest_pause >= 0.2


def test_without_a_pause_a_host_may_be_asked_over_several_connections(connect: Connect, serve: Serve) -> None:
    server = serve(Fault(lambda request, handle: handle(request)))
    web = connect(connections=3)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda number: _download(web, server, number), range(60)))
    assert all(isinstance(each, Fetched) for each in found)
    assert server.log.most_connections <= 3


@pytest.mark.parametrize(("least", "waited"), [(30.0, 30), (0.0, 0)])
def test_the_public_internet_is_asked_slowly_unless_a_source_says_otherwise(
    connect: Connect,
    serve: Serve,
    skipped_time: SkippedTime,
    monkeypatch: pytest.MonkeyPatch,
    least: float,
    waited: float,
) -> None:
    server, real = serve(), httpcore.SyncBackend.connect_tcp
    public = "93.184.215.14"

    def rerouted(network: httpcore.SyncBackend, host: str, port: int, *rest: Any) -> httpcore.NetworkStream:
        assert (host, port) == (public, 80)
        return real(network, "127.0.0.1", server.server_port, *rest)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", rerouted)
    web = connect(names=lambda host, port: [public], pause=0.0, least_pause=least)
    for _ in range(2):
        assert isinstance(web.download(Wanted("http://a.example/file/a.png")), Fetched)
    assert waited - 10 < skipped_time.skipped <= waited
