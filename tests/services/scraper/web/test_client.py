"""What an API answers reaches the source, and what may pass is tried again."""

import gzip
import json
import socket
import threading
from contextlib import closing
from datetime import datetime
from itertools import count

import pytest

from demo.board.messages import Answer, Request, json_answer
from services.scraper.web.client import PoliteWeb, user_agent
from services.scraper.web.conditions import Conditions
from services.scraper.web.hosts import Hosts
from services.scraper.web.interface import MOST_BYTES_OF_AN_ANSWER
from services.scraper.web.interface import Request as Wanted
from services.scraper.web.politeness import Limits
from shared.contract.errors import Interrupted, RunUnusable, Transient
from shared.contract.night import Night
from shared.contract.reasons import Drop
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault
from tests.services.scraper.web.conftest import Connect, Files, Serve, SkippedTime


def _api(serve: Serve, *spoiling: Fault) -> Files:
    """A server that says what it was asked."""

    def echo(request: Request) -> Answer:
        return json_answer({"method": request.method, "query": dict(request.query), "form": dict(request.form)})

    server = serve(*spoiling)
    server.routes["/echo.json"] = echo
    return server


def test_an_answer_comes_with_its_status_headers_and_address(web: PoliteWeb, serve: Serve) -> None:
    server = _api(serve)
    reply = web.send(Wanted(f"{server.address}/echo.json?tags=a+b"))
    assert (reply.status, reply.address) == (200, f"{server.address}/echo.json?tags=a+b")
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(reply.body) == {"method": "GET", "query": {"tags": "a b"}, "form": {}}


def test_a_form_is_posted(web: PoliteWeb, serve: Serve) -> None:
    server = _api(serve)
    form = {"grant_type": "refresh_token", "name": "a&b=ü"}
    reply = web.send(Wanted(f"{server.address}/echo.json", form=form))
    assert json.loads(reply.body) == {"method": "POST", "query": {}, "form": form}


def test_an_answer_may_be_packed(web: PoliteWeb, serve: Serve) -> None:
    server = serve()
    packed = gzip.compress(b"[1, 2]")
    server.routes["/a.json"] = lambda request: Answer(200, packed, {"Content-Encoding": "gzip"})
    server.routes["/b.json"] = lambda request: Answer(422, packed, {"Content-Encoding": "gzip"})
    server.routes["/c.json"] = lambda request: Answer(500, packed, {"Content-Encoding": "gzip"})
    assert [web.send(Wanted(f"{server.address}/{name}.json")).body for name in "abc"] == [b"[1, 2]"] * 3
    assert server.log[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_that_stays_is_an_answer(web: PoliteWeb, serve: Serve, status: int) -> None:
    server = serve()
    server.routes["/a.json"] = lambda request: json_answer({"message": "no"}, status)
    reply = web.send(Wanted(f"{server.address}/a.json"))
    assert (reply.status, json.loads(reply.body)) == (status, {"message": "no"})
    assert len(server.log) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        faults.too_many_requests(),
        faults.too_many_requests(1),
        faults.unavailable(),
        lambda request, handle: Answer(403, b"slowly", {"Retry-After": "1"}),
        faults.slow_search(),
        faults.hang_up(),
        faults.cut(),
        faults.cut(chunked=True),
    ],
    ids=["429", "429 with seconds", "503", "403 with seconds", "500", "no answer", "cut", "cut chunks"],
)
def test_what_may_pass_is_asked_again(web: PoliteWeb, serve: Serve, spoil: faults.Spoil) -> None:
    server = _api(serve, Fault(spoil, times=2))
    assert web.send(Wanted(f"{server.address}/echo.json")).status == 200
    assert len(server.log) == 3


@pytest.mark.parametrize("spoil", [faults.too_many_requests(90), faults.unavailable(90)], ids=["seconds", "date"])
def test_a_host_is_held_for_as_long_as_it_asks(
    web: PoliteWeb, serve: Serve, skipped_time: SkippedTime, spoil: faults.Spoil
) -> None:
    server = _api(serve, Fault(spoil, times=1))
    web.send(Wanted(f"{server.address}/echo.json"))
    assert 60 < skipped_time.skipped <= 90


@pytest.mark.parametrize("status", [200, 302, 404])
def test_a_wait_is_heeded_with_whatever_status_it_comes(
    web: PoliteWeb, serve: Serve, skipped_time: SkippedTime, status: int
) -> None:
    server = _api(serve)
    headers = {"Retry-After": "90", "Location": "/echo.json"}
    server.routes["/a.json"] = lambda request: Answer(status, b"", headers)
    for path in ("/a.json", "/echo.json"):
        web.send(Wanted(f"{server.address}{path}"))
    assert 60 < skipped_time.skipped <= 90
    assert [entry.path for entry in server.log[:2]] == ["/a.json", "/echo.json"]


def test_points_are_no_time_to_wait(web: PoliteWeb, serve: Serve, skipped_time: SkippedTime) -> None:
    server = _api(serve, Fault(faults.with_points()))
    for _ in range(3):
        web.send(Wanted(f"{server.address}/echo.json"))
    assert skipped_time.skipped == 0


def test_without_a_time_to_wait_the_pauses_double(connect: Connect, serve: Serve, skipped_time: SkippedTime) -> None:
    server = _api(serve, Fault(faults.too_many_requests(), times=3))
    connect(back_off=20).send(Wanted(f"{server.address}/echo.json"))
    assert 120 < skipped_time.skipped <= 140


def test_the_last_of_several_refusals_is_the_answer(web: PoliteWeb, serve: Serve) -> None:
    server = _api(serve, Fault(faults.slow_search()))
    reply = web.send(Wanted(f"{server.address}/echo.json"))
    assert (reply.status, json.loads(reply.body)["error"]) == (500, "ActiveRecord::QueryCanceled")
    assert len(server.log) == 4


def test_a_very_long_wait_is_not_waited_for(web: PoliteWeb, serve: Serve, skipped_time: SkippedTime) -> None:
    server = _api(serve, Fault(faults.too_many_requests(86400)))
    assert web.send(Wanted(f"{server.address}/echo.json")).status == 429
    assert (len(server.log), skipped_time.skipped) == (1, 0)


def test_an_answer_without_an_end_is_refused(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.endless()))
    server.routes["/a.json"] = lambda request: Answer(200, b"x" * 2**20)
    with pytest.raises(RunUnusable, match=f"at most {MOST_BYTES_OF_AN_ANSWER} are fetched"):
        web.send(Wanted(f"{server.address}/a.json"))


def test_a_host_that_says_nothing_for_too_long_may_answer_later(connect: Connect, serve: Serve) -> None:
    server = _api(serve, Fault(faults.silent()))
    with pytest.raises(Transient, match=r"/echo.json: not complete after 0\.3 seconds"):
        connect(Limits(seconds=0.3)).send(Wanted(f"{server.address}/echo.json?key=secret"))


def test_where_nobody_listens_something_may_listen_later(web: PoliteWeb) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.json?key=secret"
    for call in (web.send, web.download):
        with pytest.raises(Transient, match=r"cannot be reached: .*asked 4 times") as error:
            call(Wanted(address))
        assert "secret" not in str(error.value)


def test_a_name_that_cannot_be_found_for_now_may_be_found_later(connect: Connect) -> None:
    def resolver_is_down(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.raises(Transient, match=r"a\.example cannot be found: Temporary failure"):
        connect(names=resolver_is_down).download(Wanted("http://a.example/a.png"))


def test_a_resolver_that_does_not_answer_is_not_waited_for(connect: Connect) -> None:
    over = threading.Event()

    def silent(host: str, port: int) -> list[str]:
        over.wait(20)
        return []

    try:
        with pytest.raises(Transient, match="cannot be found: no answer of the resolver"):
            connect(Limits(window=0.05), names=silent).download(Wanted("http://a.example/a.png"))
    finally:
        over.set()


def test_a_name_that_nobody_has_is_the_end_of_its_file_alone(connect: Connect) -> None:
    def nobody_has_it(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    web = connect(names=nobody_has_it)
    assert isinstance(web.download(Wanted("http://a.example/a.png")), Drop)


def test_asked_to_stop_nothing_more_is_asked(connect: Connect, serve: Serve) -> None:
    server = _api(serve)
    with pytest.raises(Interrupted):
        connect(stopping=lambda: True).send(Wanted(f"{server.address}/echo.json"))
    assert server.log == []


def test_an_address_that_may_not_be_asked_makes_a_run_unusable(web: PoliteWeb) -> None:
    for address, reason in [("http://10.0.0.1/a.json", "not a public address"), ("ftp://a.example/", "no http or")]:
        with pytest.raises(RunUnusable, match=reason):
            web.send(Wanted(address))


def test_a_client_has_a_name_of_its_own(connect: Connect, serve: Serve) -> None:
    server = _api(serve)
    for name in ("", user_agent("mail@a.example", "123")):
        connect(name=name).send(Wanted(f"{server.address}/echo.json"))
    usual, own = (entry.headers["user-agent"] for entry in server.log)
    assert usual.startswith("Magritte/")
    assert own.startswith("Magritte/")
    assert own.endswith(" (+mail@a.example; account 123)")


@pytest.mark.parametrize("text", ["a\r\nX: y", "jürgen", "a\x00"])
def test_a_name_must_fit_into_a_header(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        user_agent(text)


def test_headers_that_cannot_be_sent_are_refused_without_a_word_of_the_secret(web: PoliteWeb, serve: Serve) -> None:
    server = serve()
    for secret in ("s3cret\r\n", "s3cret\u20ac"):
        wanted = Wanted(f"{server.address}/file/a.png", secret={"Authorization": secret})
        dropped = web.download(wanted)
        assert isinstance(dropped, Drop)
        assert "cannot be asked for" in dropped.detail
        assert "s3cret" not in f"{dropped} {wanted}"
    assert server.log == []


def test_at_night_nothing_is_asked_for_whatever_the_source() -> None:
    hosts = Hosts(now=lambda: datetime(2026, 1, 1, 23), sleep=lambda seconds: None)
    asked = count()
    conditions = Conditions(1000, lambda: next(asked) > 3, hosts=hosts, night=Night.of("22:00-07:00"))
    with closing(PoliteWeb(conditions)) as web, pytest.raises(Interrupted):
        web.download(Wanted("http://192.0.2.1/1.png"))
    assert next(asked) > 3
