"""The bus within one process: bounded queues, so that a fast stage waits for a slow one.

A real back end, not a mock: `magritte run` uses it. `FaultInjection` makes it as unpleasant as a network, for tests.
"""

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from random import Random

from shared.bus.interface import DeadLetter, Depth
from shared.bus.lanes import is_bulk
from shared.bus.memory_queue import Envelope, QueueState
from shared.contract.declaration import Queue
from shared.contract.messages import NO_STAMP, Message, Stamp


@dataclass(frozen=True)
class FaultInjection:
    """Behaviour that `Bus` permits but is rare: delivering twice (probability `duplicate`) and out of order."""

    duplicate: float = 0.0
    reorder: bool = False
    seed: int = 0


class MemoryBus:
    """A `Bus` for the threads of one process.

    `capacity` bounds the ready messages of each lane: `publish` waits while a lane is full. A consumer never waits
    for its own queue, and nobody waits once the bus drains, so that work under way can finish.
    """

    def __init__(
        self,
        queues: Iterable[Queue],
        capacity: int = 64,
        fault_injection: FaultInjection = FaultInjection(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.RLock()
        self._idle = threading.Condition(self._lock)
        condition = partial(threading.Condition, self._lock)
        self._queues = {
            queue.name: QueueState["MemoryConsumer"](queue, condition(), condition(), condition()) for queue in queues
        }
        self._unfinished = 0
        self._capacity = capacity
        self._fault_injection = fault_injection
        self._random = Random(fault_injection.seed)
        self._clock = clock
        self._delayed: list[tuple[float, int, str, Envelope]] = []
        self._numbers = count()
        self._own_queue = threading.local()
        self._draining = False

    @property
    def is_connected(self) -> bool:
        return True

    @property
    def reconnects(self) -> int:
        return 0

    def connect(self, timeout: float) -> None:
        """Return at once: there is no broker to wait for."""

    def publish(self, message: Message, stamp: Stamp = NO_STAMP) -> None:
        body = message.encode(stamp)
        for state in self._queues.values():
            if type(message) in state.queue.consumes:
                self._put(state, body, stamp.bulk)

    def send(self, queue: str, body: bytes) -> None:
        self._put(self._queues[queue], body, is_bulk(body))

    def consume(self, queue: str, prefetch: int = 1) -> "MemoryConsumer":
        with self._lock:
            consumer = MemoryConsumer(self, self._queues[queue], next(self._numbers))
            self._queues[queue].consumers.append(consumer)
            return consumer

    def depths(self) -> dict[str, Depth]:
        with self._lock:
            return {name: state.depth() for name, state in self._queues.items()}

    def remove_dead(self, queue: str, of: Callable[[DeadLetter], bool]) -> list[DeadLetter]:
        with self._lock:
            state = self._queues[queue]
            taken = [letter for letter in state.dead if of(letter)]
            state.dead = [letter for letter in state.dead if letter not in taken]
            return taken

    def drain(self) -> None:
        with self._lock:
            self._draining = True
            for state in self._queues.values():
                state.wake_consumers()
                state.room.notify_all()

    def close(self) -> None:
        with self._lock:
            for state in self._queues.values():
                for consumer in list(state.consumers):
                    self._leave(consumer)

    def is_idle(self) -> bool:
        """Return whether all messages are done or dead."""
        return not self._unfinished

    def wait(self, timeout: float) -> None:
        """Return when all messages are done or dead, at the latest after `timeout` seconds."""
        with self._idle:
            self._idle.wait_for(self.is_idle, timeout)

    def _put(self, state: QueueState["MemoryConsumer"], body: bytes, bulk: bool) -> None:
        envelope = Envelope(body, self._clock(), bulk)
        own = getattr(self._own_queue, "name", None) == state.queue.name
        copies = 2 if self._random.random() < self._fault_injection.duplicate else 1
        with self._lock:
            while state.ready.waiting(state.lane(bulk)) >= self._capacity and not (own or self._draining):
                state.room.wait()
            self._unfinished += copies
            for _ in range(copies):
                state.add(envelope)
            state.arrived.notify(copies)

    def _take(self, consumer: "MemoryConsumer", timeout: float) -> "MemoryDelivery | None":
        state = consumer.state
        self._own_queue.name = state.queue.name
        give_up = time.monotonic() + timeout
        with self._lock:
            while not self._draining:
                self._release_delayed()
                if state.ready and state.serves(consumer):
                    return self._hand_out(state, consumer)
                left = give_up - time.monotonic()
                if left <= 0:
                    return None
                change = state.arrived if state.serves(consumer) else state.turn
                change.wait(min(left, self._until_next_delayed()))
            return None

    def _hand_out(self, state: QueueState["MemoryConsumer"], consumer: "MemoryConsumer") -> "MemoryDelivery":
        envelope = state.ready.take(self._random.randrange) if self._fault_injection.reorder else state.ready.take()
        delivery = MemoryDelivery(self, consumer, envelope)
        consumer.unanswered.add(delivery)
        state.unacked += 1
        state.room.notify_all()
        return delivery

    def _release_delayed(self) -> None:
        while self._delayed and self._delayed[0][0] <= self._clock():
            _, _, name, envelope = heapq.heappop(self._delayed)
            self._queues[name].delayed -= 1
            self._queues[name].add(envelope)
            self._queues[name].arrived.notify()

    def _until_next_delayed(self) -> float:
        return max(0.001, self._delayed[0][0] - self._clock()) if self._delayed else 3600.0

    def _return(self, delivery: "MemoryDelivery", put: Callable[[QueueState["MemoryConsumer"]], None]) -> None:
        """Have `put` put a delivery back, unless it has been answered."""
        with self._lock:
            if self._take_back(delivery):
                state = delivery.consumer.state
                put(state)
                state.arrived.notify()

    def _finish(self, delivery: "MemoryDelivery", dead: DeadLetter | None = None) -> None:
        """Forget a delivery, or keep it as a dead letter, unless it has been answered."""
        with self._lock:
            if self._take_back(delivery):
                self._unfinished -= 1
                if dead is not None:
                    delivery.consumer.state.dead.append(dead)
                if self.is_idle():
                    self._idle.notify_all()

    def _take_back(self, delivery: "MemoryDelivery") -> bool:
        is_open = delivery in delivery.consumer.unanswered
        if is_open:
            delivery.consumer.unanswered.remove(delivery)
            delivery.consumer.state.unacked -= 1
        return is_open

    def _delay(self, state: QueueState["MemoryConsumer"], envelope: Envelope, after: float) -> None:
        state.delayed += 1
        due = self._clock() + after
        heapq.heappush(self._delayed, (due, next(self._numbers), state.queue.name, envelope))

    def _set_paused(self, consumer: "MemoryConsumer", paused: bool) -> None:
        with self._lock:
            consumer.paused = paused
            consumer.state.wake_consumers()

    def _leave(self, consumer: "MemoryConsumer") -> None:
        with self._lock:
            state = consumer.state
            if consumer in state.consumers:
                state.consumers.remove(consumer)
            for delivery in consumer.unanswered:
                state.unacked -= 1
                state.put_back(delivery.envelope)
            consumer.unanswered.clear()
            state.wake_consumers()


class MemoryConsumer:
    """A `Consumer` of a `MemoryBus`."""

    def __init__(self, bus: MemoryBus, state: QueueState["MemoryConsumer"], epoch: int) -> None:
        self._bus = bus
        self.state = state
        self.epoch = epoch
        self.paused = False
        self.unanswered: set[MemoryDelivery] = set()

    def receive(self, timeout: float) -> "MemoryDelivery | None":
        return self._bus._take(self, timeout)

    def pause(self) -> None:
        self._bus._set_paused(self, True)

    def resume(self) -> None:
        self._bus._set_paused(self, False)

    def close(self) -> None:
        self._bus._leave(self)


class MemoryDelivery:
    """A `Delivery` of a `MemoryBus`."""

    def __init__(self, bus: MemoryBus, consumer: MemoryConsumer, envelope: Envelope) -> None:
        self._bus = bus
        self.consumer = consumer
        self.envelope = envelope
        self.body = envelope.body
        self.attempt = envelope.attempt
        self.redeliveries = envelope.redeliveries
        self.bulk = envelope.bulk
        self.epoch = consumer.epoch

    @property
    def age(self) -> float:
        return self._bus._clock() - self.envelope.published

    def ack(self) -> None:
        self._bus._finish(self)

    def retry(self, after: float) -> None:
        again = replace(self.envelope, attempt=self.attempt + 1, redeliveries=0)
        self._bus._return(self, lambda state: self._bus._delay(state, again, after))

    def dead(self, reason: str, error: str) -> None:
        self._bus._finish(self, DeadLetter(self.consumer.state.queue.name, self.body, self.attempt, reason, error))

    def requeue(self) -> None:
        self._bus._return(self, lambda state: state.put_back(self.envelope))
