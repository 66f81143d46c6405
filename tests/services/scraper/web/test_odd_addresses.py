"""Addresses that no library likes: each fails alone, and says why, or is asked as a browser would ask it."""

from contextlib import closing

import pytest

from services.scraper.sources import Conditions, Fetched, Item
from services.scraper.sources.addresses import AddressesSource
from services.scraper.web.connections import Resolve, resolve
from shared.contract.egress_policy import EgressPolicy
from shared.contract.reasons import Drop, Reason
from shared.recipe import sources as recipe
from tests.services.scraper.conftest import Server

LONG = "a" * 63
ODD = [
    "http://127.0.0.1:99999/x.jpg",
    "http://127.0.0.1:0/x.jpg",
    "http://127.0.0.1:-1/x.jpg",
    "http://127.0.0.1:port/x.jpg",
    "http://xn--ls8h.invalid/x.jpg",
    "http://xn--/",
    "http://xn--zzzzzzzzzzzzzzzzzzzzzzzz99999.invalid/",
    "http://💩.invalid/",
    "http://[::1",
    "http://[::1]]/",
    "http://[fe80::1%25none]/",
    "http://[v1.a]/",
    "http://a b.invalid/",
    "http://%00.invalid/",
    "http://127.0.0.1\x00/",
    "http://127.0.0.1/\ud800.png",
    "http://..invalid/",
    f"http://{LONG}a.invalid/",
    f"http://{'.'.join([LONG] * 5)}.invalid/",
    "http://" + "a" * 5000 + "/",
    "http://" + "a." * 2500 + "invalid/",
    "http://user:secret@127.0.0.2/",
    "http://user:secret@:80/",
    "http://1.2.3.4.5.invalid/",
    "http://127.0.0.1/" + "a" * 66_000,
]


LOOPBACK = EgressPolicy.of("127.0.0.1")


def _fetch(*addresses: str, names: Resolve = resolve, egress: EgressPolicy = LOOPBACK) -> list[Fetched | Drop]:
    section = recipe.AddressesSource(urls=addresses, pause=0, timeout=20)
    with closing(AddressesSource(section, Conditions(100_000, lambda: False, egress), names)) as source:
        return [source.fetch(Item(address, address)) for address in addresses]


def _loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize("address", ODD, ids=lambda address: repr(address)[:40])
def test_an_odd_address_fails_alone_and_says_why(server: Server, address: str) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(body=b"picture")
    dropped, fetched = _fetch(address, server.address("/a.png"))
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED
    assert 10 < len(dropped.detail) <= 300
    assert "TaskGroup" not in dropped.detail
    assert "secret" not in dropped.detail
    assert isinstance(fetched, Fetched)


@pytest.mark.parametrize(
    "address", [address for address in ODD if address.isprintable() and address.isascii()], ids=lambda a: a[:40]
)
def test_a_redirect_to_an_odd_address_fails_alone_and_says_why(server: Server, address: str) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(302, Location=address)
    server.routes["/b.png"] = lambda handler: handler.answer(body=b"picture")
    dropped, fetched = _fetch(server.address("/a.png"), server.address("/b.png"))
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED
    assert 10 < len(dropped.detail) <= 300
    assert isinstance(fetched, Fetched)


@pytest.mark.parametrize("host", ["xn--ls8h.example", "xn--.example", "xn--a.example", "a_b.example"])
def test_a_host_is_asked_by_its_ascii_name_as_browsers_do(server: Server, host: str) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(302, Location="/b.png", Set_Cookie="seen=1")
    server.routes["/b.png"] = lambda handler: handler.answer(body=b"picture")
    address = f"http://{host}:{server.server_port}/a.png"
    [fetched] = _fetch(address, names=_loopback)
    assert isinstance(fetched, Fetched)
    assert fetched.facts["url"] == address.replace("a.png", "b.png")
    assert {headers["Host"] for _, headers in server.requests_received} == {f"{host}:{server.server_port}"}
    assert server.requests_received[1][1]["Cookie"] == "seen=1"


def test_a_redirect_may_lead_to_such_a_host(server: Server) -> None:
    to = f"http://xn--ls8h.example:{server.server_port}/b.png"
    server.routes["/a.png"] = lambda handler: handler.answer(302, Location=to)
    server.routes["/b.png"] = lambda handler: handler.answer(body=b"picture")
    [fetched] = _fetch(server.address("/a.png"), names=_loopback)
    assert isinstance(fetched, Fetched)
    assert fetched.facts["url"] == to


@pytest.mark.parametrize(
    ("location", "path"), [("b.png", "/x/b.png"), ("/b.png", "/b.png"), ("?b", "/x/a.png?b"), ("../b.png", "/b.png")]
)
def test_a_redirect_may_be_relative(server: Server, location: str, path: str) -> None:
    server.routes["/x/a.png"] = lambda handler: handler.answer(302, Location=location)
    server.routes[path] = lambda handler: handler.answer(body=b"picture")
    [fetched] = _fetch(server.address("/x/a.png"))
    assert isinstance(fetched, Fetched)
    assert fetched.facts["url"] == server.address(path)


def test_user_and_password_of_an_address_are_sent(server: Server) -> None:
    server.routes["/a.png"] = lambda handler: handler.answer(body=b"picture")
    [fetched] = _fetch(server.address("/a.png").replace("http://", "http://user:pass@"))
    assert isinstance(fetched, Fetched)
    assert server.requests_received[0][1]["Authorization"] == "Basic dXNlcjpwYXNz"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a number too large"),
        UnicodeError("label too long"),
        OSError(5, "input/output error"),
        OverflowError("port must be 0-65535"),
        ExceptionGroup("unhandled errors in a TaskGroup", [OverflowError("port must be 0-65535")]),
    ],
    ids=repr,
)
def test_what_a_library_raises_about_an_address_is_its_fate(server: Server, error: Exception) -> None:
    def failing(host: str, port: int) -> list[str]:
        if host == "odd.example":
            raise error
        return ["127.0.0.1"]

    server.routes["/a.png"] = lambda handler: handler.answer(body=b"picture")
    dropped, fetched = _fetch("http://odd.example/", server.address("/a.png"), names=failing)
    assert isinstance(dropped, Drop)
    assert "odd.example" in dropped.detail
    assert "TaskGroup" not in dropped.detail
    assert isinstance(fetched, Fetched)


def test_an_error_of_ours_is_not_taken_for_one_of_the_address() -> None:
    def failing(host: str, port: int) -> list[str]:
        raise ExceptionGroup("two", [ValueError("of the address"), AttributeError("of ours")])

    with pytest.raises(ExceptionGroup):
        _fetch("http://odd.example/", names=failing)
