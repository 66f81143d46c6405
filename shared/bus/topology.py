"""What Magritte declares at a broker, derived from the pipeline's queues. Pure; `rabbitmq` carries it out.

A message goes to `magritte.work` with the name of its lane as the key: that of its queue, or of the queue beside it for
bulk messages. A retry goes to a rung of the delay ladder, a
queue per pause, whose messages fall back to `magritte.work` under their own key; a dead letter goes to `magritte.dead`.

Arguments stand here only if they must never change, since a broker refuses to declare a queue with others. Numbers
that operators tune are policies: deploy/rabbitmq/definitions.json.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.contract.declaration import Queue

WORK = "magritte.work"
DEAD = "magritte.dead"
_DELAY = "magritte.delay"

Argument = str | int | bool

_DURABLE: dict[str, Argument] = {"x-queue-type": "quorum"}
_NEVER_LOSE: dict[str, Argument] = {
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",  # or the broker silently falls back to at-most-once
}
# Looking at a dead letter and giving it back counts as a delivery, and RabbitMQ 4 drops a message after 20 of them
# unless configured otherwise; 3.10 does not accept "never".
_PATIENT: dict[str, Argument] = {"x-delivery-limit": 1_000_000_000}


@dataclass(frozen=True)
class Exchange:
    """A durable exchange of the broker; `kind` is `direct` or `fanout`."""

    name: str
    kind: str


@dataclass(frozen=True)
class BrokerQueue:
    """A durable queue of the broker, bound to `exchange` under `key`."""

    name: str
    exchange: Exchange
    key: str
    arguments: dict[str, Argument] = field(hash=False)


@dataclass(frozen=True)
class Rung:
    """A queue where messages wait `pause` seconds; the pause is part of its name: another pause is another queue."""

    pause: float

    @property
    def name(self) -> str:
        """Name of the queue and of the exchange that feeds it."""
        return f"{_DELAY}.{self.pause:g}s"


def dead_queue(queue: str) -> str:
    """Return the name of the queue that holds the dead letters of `queue`."""
    return f"{queue}.dead"


def lane(queue: Queue, bulk: bool) -> str:
    """Return the name of the broker's queue that is a queue's express or bulk lane."""
    return f"{queue.name}.bulk" if bulk and queue.has_bulk_lane else queue.name


def lanes(queue: Queue) -> tuple[str, ...]:
    """Return the names of all lanes of a queue, the express lane first."""
    return tuple(dict.fromkeys(lane(queue, bulk) for bulk in (False, True)))


class Topology:
    """Everything that a bus with these queues and pauses (in seconds) needs at the broker."""

    def __init__(self, queues: tuple[Queue, ...], pauses: tuple[float, ...]) -> None:
        self.queues = queues
        self.rungs = tuple(Rung(pause) for pause in sorted(set(pauses)))

    def rung(self, after: float) -> Rung:
        """Return the rung of the shortest pause that lasts `after` seconds, else of the longest there is."""
        return next((rung for rung in self.rungs if rung.pause >= after), self.rungs[-1])

    def exchanges(self) -> Iterator[Exchange]:
        """Yield all exchanges; declare them before the queues."""
        yield from (_DEAD_EXCHANGE, _WORK_EXCHANGE)
        yield from (Exchange(rung.name, "fanout") for rung in self.rungs)

    def broker_queues(self) -> Iterator[BrokerQueue]:
        """Yield all queues, in the order to declare them.

        Those of dead letters come first: what the broker puts aside before they exist waits minutes for them.
        """
        for queue in self.queues:
            yield BrokerQueue(dead_queue(queue.name), _DEAD_EXCHANGE, queue.name, _DURABLE | _PATIENT)
        for queue in self.queues:
            for name in lanes(queue):
                yield BrokerQueue(name, _WORK_EXCHANGE, name, _work_arguments(queue, name))
        for rung in self.rungs:
            yield BrokerQueue(rung.name, Exchange(rung.name, "fanout"), "", _rung_arguments(rung))


_WORK_EXCHANGE = Exchange(WORK, "direct")
_DEAD_EXCHANGE = Exchange(DEAD, "direct")


def _work_arguments(queue: Queue, name: str) -> dict[str, Argument]:
    single: dict[str, Argument] = {"x-single-active-consumer": True} if queue.single_active_consumer else {}
    key: dict[str, Argument] = {"x-dead-letter-routing-key": queue.name} if name != queue.name else {}
    return _DURABLE | _NEVER_LOSE | {"x-dead-letter-exchange": DEAD} | key | single


def _rung_arguments(rung: Rung) -> dict[str, Argument]:
    # One pause per queue: a message would wait for longer ones ahead of it.
    return _DURABLE | _NEVER_LOSE | {"x-dead-letter-exchange": WORK, "x-message-ttl": round(rung.pause * 1000)}
