"""A queue of the bus within one process."""

import threading
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from shared.bus.interface import DeadLetter, Depth
from shared.bus.lanes import Lanes
from shared.contract.declaration import Queue


class Consumer(Protocol):
    """A consumer, as its queue sees it."""

    @property
    def paused(self) -> bool: ...


C = TypeVar("C", bound=Consumer)


@dataclass(frozen=True)
class Envelope:
    """A message in a queue: its encoded form, when it was published, and how often it was delivered."""

    body: bytes
    published: float
    bulk: bool
    attempt: int = 1
    redeliveries: int = 0


@dataclass
class QueueState(Generic[C]):
    """A queue. `arrived` wakes one consumer for each message, `room` the publishers that wait for room.

    Consumers that are paused, or behind a single active one, wait for their `turn`.
    """

    queue: Queue
    arrived: threading.Condition
    turn: threading.Condition
    room: threading.Condition
    ready: Lanes[Envelope] = field(default_factory=Lanes)
    consumers: list[C] = field(default_factory=list)
    unacked: int = 0
    delayed: int = 0
    dead: list[DeadLetter] = field(default_factory=list)

    def depth(self) -> Depth:
        return Depth(len(self.ready), self.unacked, self.delayed, len(self.dead))

    def lane(self, bulk: bool) -> bool:
        return bulk and self.queue.has_bulk_lane

    def add(self, envelope: Envelope) -> None:
        self.ready.add(envelope, self.lane(envelope.bulk))

    def put_back(self, envelope: Envelope) -> None:
        """Return what a consumer had to the beginning of its lane."""
        self.ready.put_back(replace(envelope, redeliveries=envelope.redeliveries + 1), self.lane(envelope.bulk))

    def wake_consumers(self) -> None:
        """Let all consumers look anew at whether there is a message for them."""
        self.arrived.notify_all()
        self.turn.notify_all()

    def serves(self, consumer: C) -> bool:
        active = self.consumers[:1] if self.queue.single_active_consumer else self.consumers
        return consumer in active and not consumer.paused
