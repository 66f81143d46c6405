"""Connections are used again by those who would have opened the same, and closed in time."""

from collections.abc import Iterator

import httpcore
import pytest

from services.scraper.web.idle_connections import IdleConnection, IdleConnections
from tests.services.scraper.web.conftest import Serve


@pytest.fixture
def connection(serve: Serve) -> Iterator[httpcore.HTTPConnection]:
    """A connection that has been used."""
    url = httpcore.URL(f"{serve().address}/file/a.png")
    with httpcore.HTTPConnection(url.origin) as connection:
        connection.request("GET", url, headers={"Host": "a.example"})
        yield connection


HTTP, HTTPS = (httpcore.URL(f"{scheme}://a.example").origin for scheme in ("http", "https"))


def test_a_connection_is_kept_for_the_next_request(connection: httpcore.HTTPConnection) -> None:
    kept = IdleConnections()
    kept.give_back(IdleConnection(connection, "a.example", HTTP, "check", "user"))
    assert kept.take("b.example", HTTP, "check") is None
    assert kept.take("a.example", HTTP, "check") is connection
    assert kept.take("a.example", HTTP, "check") is None
    assert not connection.is_closed()


@pytest.mark.parametrize(("origin", "check"), [(HTTPS, "check"), (HTTP, "another")])
def test_a_host_has_no_connections_but_those_that_are_used(
    connection: httpcore.HTTPConnection, origin: httpcore.Origin, check: str
) -> None:
    kept = IdleConnections()
    kept.give_back(IdleConnection(connection, "a.example", HTTP, "check", "user"))
    assert kept.take("a.example", origin, check) is None
    assert connection.is_closed()


def test_a_client_closes_what_it_has_used_last(connection: httpcore.HTTPConnection) -> None:
    kept = IdleConnections()
    kept.give_back(IdleConnection(connection, "a.example", HTTP, "check", "user"))
    kept.close_of("another")
    assert not connection.is_closed()
    kept.close_of("user")
    assert connection.is_closed()
    assert kept.take("a.example", HTTP, "check") is None


def test_a_connection_that_is_closed_is_not_kept(connection: httpcore.HTTPConnection) -> None:
    kept = IdleConnections()
    connection.close()
    kept.give_back(IdleConnection(connection, "a.example", HTTP, "check", "user"))
    assert kept.take("a.example", HTTP, "check") is None


def test_no_more_than_a_few_connections_are_kept(serve: Serve) -> None:
    kept, url = IdleConnections(), httpcore.URL(f"{serve().address}/file/a.png")
    connections = [httpcore.HTTPConnection(url.origin) for _ in range(25)]
    for number, connection in enumerate(connections):
        connection.request("GET", url, headers={"Host": "a.example"})
        kept.give_back(IdleConnection(connection, f"{number}.example", HTTP, "check", "user"))
    assert [connection.is_closed() for connection in connections] == [True] * 5 + [False] * 20
    kept.close_of("user")
