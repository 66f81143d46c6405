"""Broker and store fail while workers are at work: every face still ends exactly once, and none is lost."""

import time
from collections.abc import Callable

import pytest

from tests.faults.place import Faces, Place, wait_until
from tests.faults.toy import SLOW
from tests.servers.rabbitmq import RabbitMQServer
from tests.servers.radosgw import Radosgw

Disturb = Callable[[Place, RabbitMQServer, Radosgw], None]

DONE = {"face-upscaled"}
A_WHILE = 5.0
"""Seconds that a disturbance lasts."""


def broker_restarts(place: Place, rabbitmq: RabbitMQServer, radosgw: Radosgw) -> None:
    rabbitmq.restart()


def connections_closed(place: Place, rabbitmq: RabbitMQServer, radosgw: Radosgw) -> None:
    rabbitmq.ctl("close_all_connections", "--vhost", place.vhost, "tidying up")


def broker_short_of_memory(place: Place, rabbitmq: RabbitMQServer, radosgw: Radosgw) -> None:
    rabbitmq.ctl("set_vm_memory_high_watermark", "0.00001")
    try:
        time.sleep(A_WHILE)
    finally:
        rabbitmq.ctl("set_vm_memory_high_watermark", "0.4")


def gateway_restarts(place: Place, rabbitmq: RabbitMQServer, radosgw: Radosgw) -> None:
    radosgw.kill_gateway()
    time.sleep(A_WHILE)
    radosgw.start_gateway()


def store_silent(place: Place, rabbitmq: RabbitMQServer, radosgw: Radosgw) -> None:
    with radosgw.frozen():
        time.sleep(A_WHILE)


def store_full(place: Place, rabbitmq: RabbitMQServer, radosgw: Radosgw) -> None:
    with radosgw.quota(place.bucket, objects=1):
        time.sleep(A_WHILE)


@pytest.mark.parametrize(
    "disturb",
    [
        pytest.param(
            broker_restarts, marks=pytest.mark.fault(9, "SIGKILL of the broker, under load", "`kill -9`, then a start")
        ),
        pytest.param(
            connections_closed,
            marks=pytest.mark.fault(10, "connections closed by an operator, under load", "`close_all_connections`"),
        ),
        pytest.param(
            broker_short_of_memory,
            marks=pytest.mark.fault(16, "memory alarm, under load", "`set_vm_memory_high_watermark`, for 5 s"),
        ),
        pytest.param(
            gateway_restarts, marks=pytest.mark.fault(19, "gateway restart, under load", "`kill -9`, a start 5 s later")
        ),
        pytest.param(
            store_silent, marks=pytest.mark.fault(23, "silent server, under load", "its storage daemon stopped for 5 s")
        ),
        pytest.param(store_full, marks=pytest.mark.fault(25, "store full, under load", "a quota for 5 s")),
    ],
    ids=lambda disturb: disturb.__name__,
)
def test_workers_outlast_it(
    place: Place, faces: Faces, rabbitmq: RabbitMQServer, radosgw: Radosgw, disturb: Disturb
) -> None:
    workers = [place.start_toy() for _ in range(2)]
    faces.publish(*[SLOW] * 80)
    wait_until(lambda: (place.root / "begun").exists() and faces.begun().total() > 10, "work under way")
    disturb(place, rabbitmq, radosgw)
    assert set(faces.wait().values()) == DONE
    assert set(faces.announced()) == set(faces.bodies)
    assert [worker.poll() for worker in workers] == [None, None]


@pytest.mark.fault(26, "an object vanishes between message and read", "the crop is deleted before the worker starts")
def test_an_object_that_vanished_makes_its_item_dead_and_no_other(place: Place, faces: Faces) -> None:
    (lost,) = faces.publish(b"lost")
    faces.publish(*[SLOW] * 5)
    for key in list(place.store.list("crops/")):
        if place.store.get(key).startswith(b"lost"):
            place.store.delete(key)
    place.start_toy()
    fates = faces.wait()
    assert fates.pop(lost) == "not-found"
    assert set(fates.values()) == DONE
