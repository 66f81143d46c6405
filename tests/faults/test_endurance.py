"""The whole chain while everything around it breaks: the data set is the one of an undisturbed run.

`make test` does it with few pictures; ENDURANCE_PICTURES=1500 is the full length (about ten minutes).
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random

import pika
import pytest

from services.magritte.pipeline import PIPELINE
from tests.faults.chain import Fleet, result, status, undisturbed, write_recipe
from tests.faults.place import Place
from tests.servers.rabbitmq import RabbitMQServer
from tests.servers.radosgw import Radosgw

PICTURES = int(os.environ.get("ENDURANCE_PICTURES", "60"))
KILL_EVERY = 3.0
FROZEN_SECONDS = 8.0


@contextmanager
def repeating(address: str, seed: int) -> Iterator[None]:
    """Send some of the messages that wait a second time, again and again."""
    over = threading.Event()

    def repeat() -> None:
        random, names = Random(seed), [queue.name for queue in PIPELINE.queues]
        while not over.wait(0.02):
            with suppress(pika.exceptions.AMQPError, OSError):
                _repeat_while_connected(address, random, names, over)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _repeat_while_connected(address: str, random: Random, names: list[str], over: threading.Event) -> None:
    with pika.BlockingConnection(pika.URLParameters(address)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        while not over.wait(0.02):
            method, properties, body = channel.basic_get(random.choice(names))
            if method is not None:
                for _ in range(2):
                    channel.basic_publish("magritte.work", method.routing_key, body, properties, mandatory=True)
                channel.basic_ack(method.delivery_tag)


@pytest.mark.timeout(3600)
@pytest.mark.fault(
    "all", "everything at once", "workers killed every 3 s, the broker twice, the store frozen once, messages repeated"
)
def test_whatever_breaks_the_data_set_is_that_of_an_undisturbed_run(
    place: Place, rabbitmq: RabbitMQServer, radosgw: Radosgw
) -> None:
    recipe = write_recipe(place.root, PICTURES)
    expected = undisturbed(place.root, recipe)
    run = json.loads(place.magritte("submit", str(recipe), "--json"))["run"]
    random, fleet = Random(7), Fleet(place, workers=2)
    events = {0.3: rabbitmq.restart, 0.5: lambda: _freeze(radosgw), 0.7: rabbitmq.restart}
    with repeating(place.environment["MAGRITTE_BUS"], seed=7):
        give_up, next_kill, known = time.monotonic() + 3000, 0.0, status(place)
        while not known["finished"]:
            assert time.monotonic() < give_up, known
            if time.monotonic() > next_kill:
                fleet.kill_one(random)
                next_kill = time.monotonic() + KILL_EVERY
            fleet.replace_ended()
            settled = sum(fate["pictures"] for fate in known["fates"] if fate["fate"] != "undecided")
            for share in [share for share in events if settled >= share * PICTURES]:
                events.pop(share)()
            time.sleep(0.5)
            known = status(place)
    assert not events
    assert result(place, run) == expected
    assert expected.pictures == PICTURES


def _freeze(radosgw: Radosgw) -> None:
    with radosgw.frozen():
        time.sleep(FROZEN_SECONDS)
