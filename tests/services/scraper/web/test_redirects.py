"""Redirects lead to public servers, and take no secrets to strangers."""

import json
import time

import httpx
import pytest

from demo.board.messages import Answer, Request, json_answer
from services.scraper.web.answers import Redirect
from services.scraper.web.call import REDIRECTS, Call
from services.scraper.web.client import PoliteWeb
from services.scraper.web.interface import Request as Wanted
from services.scraper.web.politeness import Limits
from services.scraper.web.watch import Watch
from shared.contract.errors import RunUnusable
from shared.contract.reasons import Drop, Reason
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault
from tests.services.scraper.web.conftest import Files, Serve

OWN = {"Authorization": "Bearer s3cret"}


@pytest.fixture
def other(serve: Serve) -> Files:
    """A stranger on another address."""
    return serve(host="127.0.0.3")


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("http://10.0.0.1/x.png", "not a public address"),
        ("http://169.254.169.254/latest/meta-data/", "not a public address"),
        ("file:///etc/passwd", "no http or https address"),
        ("http://[::1", "no address"),
    ],
)
def test_a_redirect_to_where_nobody_may_go_is_not_followed(web: PoliteWeb, serve: Serve, to: str, reason: str) -> None:
    server = serve(Fault(faults.redirect(to)))
    dropped = web.download(Wanted(f"{server.address}/file/a.png"))
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED
    assert reason in dropped.detail
    with pytest.raises(RunUnusable, match=reason):
        web.send(Wanted(f"{server.address}/a.json"))


def test_a_redirect_loop_ends(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.redirect_loop()))
    dropped = web.download(Wanted(f"{server.address}/file/a.png"))
    assert dropped == Drop(Reason.FETCH_FAILED, f"more than {REDIRECTS} redirects")
    assert len(server.log) == REDIRECTS + 1


def _headers(request: Request) -> Answer:
    return json_answer({name: request.headers.get(name) for name in ("authorization", "cookie", "referer")})


def test_secrets_stay_with_their_server_and_come_back_to_it(web: PoliteWeb, serve: Serve, other: Files) -> None:
    server = serve()
    server.routes |= {
        "/a": lambda request: Answer(302, b"", {"Location": f"{other.address}/b"}),
        "/c": _headers,
    }
    other.routes["/b"] = lambda request: Answer(302, b"", {"Location": f"{server.address}/c"})
    wanted = Wanted(f"{server.address}/a", {"Referer": "https://app.example/", "Cookie": "a=1"}, OWN)
    assert json.loads(web.send(wanted).body) == {
        "authorization": "Bearer s3cret",
        "cookie": "a=1",
        "referer": "https://app.example/",
    }
    [stranger] = other.log
    assert stranger.headers["referer"] == "https://app.example/"
    assert stranger.headers.keys() & {"authorization", "cookie"} == set()


def test_another_port_is_another_server(web: PoliteWeb, serve: Serve) -> None:
    server, other = serve(), serve()
    server.routes["/a"] = lambda request: Answer(302, b"", {"Location": f"{other.address}/b"})
    other.routes["/b"] = _headers
    assert json.loads(web.send(Wanted(f"{server.address}/a", secret=OWN)).body)["authorization"] is None


@pytest.mark.parametrize(
    ("first", "second", "is_trusted"),
    [
        ("http://a.example/", "https://a.example/", True),
        ("https://a.example/", "http://a.example/", False),
        ("http://a.example/", "https://b.example/", False),
        ("http://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://a.example:443/", True),
    ],
)
def test_a_server_may_move_to_https_and_not_back(first: str, second: str, is_trusted: bool) -> None:
    call = Call(Wanted(first, secret=OWN), httpx.URL(first), Watch(Limits(), lambda: False, time.monotonic))
    assert call.redirect(Redirect(second, 301)) is None
    assert ((b"Authorization", b"Bearer s3cret") in call.headers({}, {})) is is_trusted


def test_cookies_are_kept_for_the_rest_of_the_way_and_no_longer(web: PoliteWeb, serve: Serve) -> None:
    server = serve()
    server.routes |= {
        "/a": lambda request: Answer(302, b"", {"Location": "/b", "Set-Cookie": "seen=1; Path=/"}),
        "/b": _headers,
    }
    asked = [json.loads(web.send(Wanted(f"{server.address}/{path}")).body)["cookie"] for path in "ab"]
    assert asked == ["seen=1", None]


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_a_form_goes_along_only_where_the_answer_says_so(
    web: PoliteWeb, serve: Serve, status: int, method: str
) -> None:
    server = serve()
    server.routes |= {
        "/a": lambda request: Answer(status, b"", {"Location": "/b"}),
        "/b": lambda request: json_answer({"method": request.method, "form": dict(request.form)}),
    }
    reply = web.send(Wanted(f"{server.address}/a", form={"token": "s3cret"}))
    assert json.loads(reply.body) == {"method": method, "form": {"token": "s3cret"} if method == "POST" else {}}


def test_a_form_is_never_sent_to_a_stranger(web: PoliteWeb, serve: Serve, other: Files) -> None:
    server = serve()
    server.routes["/a"] = lambda request: Answer(307, b"", {"Location": f"{other.address}/b"})
    with pytest.raises(RunUnusable, match=r"redirected to 127\.0\.0\.3, which is sent no form"):
        web.send(Wanted(f"{server.address}/a", form={"token": "s3cret"}))
    assert other.log == []


def test_a_file_is_continued_where_a_redirect_has_led(web: PoliteWeb, serve: Serve, other: Files) -> None:
    spoilt = serve(Fault(faults.cut(), times=1), host="127.0.0.3")
    server = serve(Fault(faults.redirect(f"{spoilt.address}/file/a.png")))
    assert not isinstance(web.download(Wanted(f"{server.address}/file/a.png")), Drop)
    assert (len(server.log), [entry.status for entry in spoilt.log]) == (1, [200, 206])
