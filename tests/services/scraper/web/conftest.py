"""A server of files whose answers can be spoilt, and clients of it for whom pauses pass at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from demo.board.files import file_answer
from demo.board.messages import Answer, Request
from demo.board.server import Server
from services.scraper.web.client import ClientSettings, PoliteWeb
from services.scraper.web.conditions import Conditions
from services.scraper.web.connections import Resolve, resolve
from services.scraper.web.hosts import Hosts
from services.scraper.web.politeness import Limits, Politeness
from shared.contract.egress_policy import EgressPolicy
from tests.servers.boards.injection import Fault, Faults

MAX_BYTES = 500_000


class SkippedTime:
    """A clock that a sleep puts forward."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


def file_of(path: str) -> bytes:
    """The file at a path of `Files`."""
    return Random(path).randbytes(20_000)


class Files(Server):
    """Serves a file at every path under /file/, with an ETag; add others to `routes`."""

    def __init__(self, *faults: Fault, host: str = "127.0.0.1") -> None:
        super().__init__(self._answer, Faults(*faults), host)
        self.routes: dict[str, Callable[[Request], Answer]] = {}

    def _answer(self, request: Request) -> Answer:
        if request.path in self.routes:
            return self.routes[request.path](request)
        if request.path.startswith("/file/"):
            return file_answer(request, file_of(request.path), request.path, datetime(2026, 1, 1, tzinfo=UTC), "png")
        return Answer(404, b"none")

    @property
    def statuses(self) -> list[int]:
        return [entry.status for entry in self.log]


Serve = Callable[..., Files]
Connect = Callable[..., PoliteWeb]


@pytest.fixture
def skipped_time() -> SkippedTime:
    return SkippedTime()


@pytest.fixture
def hosts(skipped_time: SkippedTime) -> Hosts:
    return Hosts(skipped_time.clock, skipped_time.sleep)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server of files with faults."""
    with ExitStack() as servers:
        yield lambda *faults, **options: servers.enter_context(Files(*faults, **options))


@pytest.fixture
def connect(hosts: Hosts) -> Iterator[Connect]:
    """Opens a client of loopback servers; all clients of a test share their hosts."""
    clients: list[PoliteWeb] = []

    def opened(
        limits: Limits | None = None,
        name: str = "",
        names: Resolve = resolve,
        stopping: Callable[[], bool] = lambda: False,
        **politeness: Any,
    ) -> PoliteWeb:
        conditions = Conditions(MAX_BYTES, stopping, EgressPolicy.of("127.0.0.1 127.0.0.3"), hosts)
        settings = ClientSettings(Politeness(**{"pause": 0.0, **politeness}), limits or Limits(), name)
        clients.append(PoliteWeb(conditions, settings, names))
        return clients[-1]

    yield opened
    for client in clients:
        client.close()


@pytest.fixture
def web(connect: Connect) -> PoliteWeb:
    """A client with the usual settings, but for the pause."""
    return connect()
