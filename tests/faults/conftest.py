"""A broker and a store for each test, at servers that the whole session shares; the page of results."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.magritte.pipeline import PIPELINE, checked_settings
from shared.bus import open_bus
from shared.store import open_store
from tests.faults.matrix import README, Case, Matrix
from tests.faults.place import Faces, Place
from tests.servers.rabbitmq import RabbitMQServer
from tests.servers.radosgw import Radosgw

RETRY_PAUSES = "[0.2, 0.5, 1.0]"


@pytest.fixture
def place(
    tmp_path: Path, rabbitmq: RabbitMQServer, radosgw: Radosgw, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    vhost = rabbitmq.vhost()
    environment = {
        "MAGRITTE_BUS": rabbitmq.address(vhost),
        "MAGRITTE_STORE": f"s3://faults-{uuid4().hex[:12]}",
        "MAGRITTE_S3_ENDPOINT": radosgw.endpoint,
        "MAGRITTE_S3_ACCESS_KEY": radosgw.access_key,
        "MAGRITTE_S3_SECRET_KEY": radosgw.secret_key,
        "MAGRITTE_RETRY_PAUSES": RETRY_PAUSES,
        "MAGRITTE_THREADS": "2",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    bus, store = (
        open_bus(checked_settings().bus, PIPELINE.queues, checked_settings().retry_pauses, "test"),
        open_store(checked_settings()),
    )
    store.prepare()
    bus.connect(30.0)
    here = Place(tmp_path, environment, bus, store)
    yield here
    here.end()
    bus.close()
    rabbitmq.remove_vhost(vhost)


@pytest.fixture
def faces(place: Place) -> Faces:
    return Faces.at(place)


MATRIX = Matrix()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" or report.outcome != "passed":
        for mark in item.iter_markers("fault"):
            number, title, how = mark.args
            MATRIX.note(Case(str(number), title, how, item.originalname), report.outcome)
    return report


def pytest_sessionfinish() -> None:
    """`make fault-matrix` asks for the page."""
    if os.environ.get("FAULT_MATRIX"):
        README.write_text(MATRIX.text(), encoding="utf-8")
