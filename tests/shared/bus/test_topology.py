"""What is declared at a broker follows from the pipeline's queues and from the pauses."""

import pytest

from services.magritte.pipeline import PIPELINE
from shared.bus.topology import DEAD, WORK, BrokerQueue, Exchange, Topology, dead_queue, lane, lanes
from shared.contract.declaration import Queue
from shared.contract.messages import ImageFetched, RunRequested

QUEUES = (
    Queue("lister", (RunRequested,), has_bulk_lane=True),
    Queue("index", (ImageFetched,), single_active_consumer=True),
)
TOPOLOGY = Topology(QUEUES, (60.0, 0.5, 10.0, 10.0))


def declared() -> dict[str, BrokerQueue]:
    return {queue.name: queue for queue in TOPOLOGY.broker_queues()}


def test_a_queue_is_called_as_in_the_pipeline_and_bound_under_its_name() -> None:
    queue = declared()["lister"]
    assert (queue.exchange, queue.key) == (Exchange(WORK, "direct"), "lister")


def test_a_bulk_lane_is_a_queue_beside_the_other() -> None:
    lister, index = QUEUES
    assert [lane(queue, bulk) for queue in QUEUES for bulk in (False, True)] == [
        *("lister", "lister.bulk", "index", "index"),
    ]
    assert (lanes(lister), lanes(index)) == (("lister", "lister.bulk"), ("index",))
    bulk = declared()["lister.bulk"]
    assert (bulk.exchange, bulk.key) == (Exchange(WORK, "direct"), "lister.bulk")
    assert "index.bulk" not in declared()


def test_what_either_lane_cannot_keep_goes_to_the_same_dead_letters() -> None:
    express, bulk = declared()["lister"].arguments, declared()["lister.bulk"].arguments
    assert bulk == express | {"x-dead-letter-routing-key": "lister"}


def test_every_queue_survives_a_restart_of_the_broker() -> None:
    assert {queue.arguments["x-queue-type"] for queue in declared().values()} == {"quorum"}


def test_what_a_queue_cannot_keep_goes_to_its_dead_letters_and_never_gets_lost() -> None:
    assert declared()["lister"].arguments == {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    dead = declared()[dead_queue("lister")]
    assert (dead.exchange, dead.key) == (Exchange(DEAD, "direct"), "lister")


def test_dead_letters_outlast_being_looked_at() -> None:
    limit = declared()[dead_queue("lister")].arguments["x-delivery-limit"]
    assert isinstance(limit, int)
    assert limit > 10**6


def test_only_queues_that_ask_for_it_have_a_single_active_consumer() -> None:
    single = [name for name, queue in declared().items() if "x-single-active-consumer" in queue.arguments]
    assert single == ["index"]


def test_each_pause_is_a_queue_whose_messages_fall_back_under_their_own_key() -> None:
    rungs = {name: queue for name, queue in declared().items() if name.startswith("magritte.")}
    assert list(rungs) == ["magritte.delay.0.5s", "magritte.delay.10s", "magritte.delay.60s"]
    assert [queue.arguments["x-message-ttl"] for queue in rungs.values()] == [500, 10_000, 60_000]
    for name, queue in rungs.items():
        assert queue.exchange == Exchange(name, "fanout")
        assert queue.arguments["x-dead-letter-exchange"] == WORK
        assert "x-dead-letter-routing-key" not in queue.arguments


def test_every_queue_is_bound_to_an_exchange_that_is_declared() -> None:
    assert {queue.exchange for queue in TOPOLOGY.broker_queues()} == set(TOPOLOGY.exchanges())


def test_dead_letter_queues_are_declared_before_the_queues_they_serve() -> None:
    names = list(declared())
    assert max(names.index(dead_queue(queue.name)) for queue in QUEUES) < names.index("lister")


@pytest.mark.parametrize(("after", "pause"), [(0.0, 0.5), (0.5, 0.5), (0.6, 10.0), (60.0, 60.0), (3600.0, 60.0)])
def test_a_retry_waits_at_least_as_long_as_it_asks_or_the_longest_pause(after: float, pause: float) -> None:
    assert TOPOLOGY.rung(after).pause == pause


def test_the_whole_pipeline_has_its_lanes_and_a_dead_letter_queue_each() -> None:
    names = [queue.name for queue in Topology(PIPELINE.queues, (1.0,)).broker_queues()]
    working = [name for queue in PIPELINE.queues for name in lanes(queue)]
    dead = [dead_queue(queue.name) for queue in PIPELINE.queues]
    assert sorted(names) == sorted([*working, *dead, "magritte.delay.1s"])
