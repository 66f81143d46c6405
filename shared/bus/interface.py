"""What every message bus offers. Twins: `memory` and `rabbitmq`; both pass the tests in tests/contract.

Delivery is at least once and in no particular order. A published message goes to every queue whose stage consumes
its type (`shared.contract.declaration.Pipeline.routes`), there into the lane that its stamp names. It keeps to its lane
until it is done. Consumers take from both lanes in turn (`shared.bus.lanes`). A queue without a bulk lane has one for
all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from shared.contract.messages import NO_STAMP, Message, Stamp


class Delivery(Protocol):
    """A message handed to a consumer, to be answered exactly once by `ack`, `retry` or `dead`.

    `attempt` counts from 1 and grows with `retry`; `redeliveries` counts the consumers that vanished with it. `bulk` is
    what its stamp says, whether or not the queue has lanes. `epoch` grows with every new connection to the bus:
    another consumer may have been at work in between. An answer given after that is ignored, since the message has
    been requeued. One that raised `BusUnavailable` can be given again.
    """

    body: bytes
    attempt: int
    redeliveries: int
    epoch: int

    @property
    def bulk(self) -> bool:
        """Return whether the message is for the bulk lane."""
        ...

    @property
    def age(self) -> float:
        """Seconds since the message was first published."""
        ...

    def ack(self) -> None:
        """Acknowledge the message: it is done and forgotten."""
        ...

    def retry(self, after: float) -> None:
        """Deliver again in `after` seconds, as the next attempt."""
        ...

    def dead(self, reason: str, error: str) -> None:
        """Put aside as a dead letter with a reason and the error's type."""
        ...

    def requeue(self) -> None:
        """Put the message back into its queue, as the same attempt; its `redeliveries` then grow by one."""
        ...


class Consumer(Protocol):
    """Receives one queue's messages; may be used from several threads at once."""

    def receive(self, timeout: float) -> Delivery | None:
        """Return the next message, or None when none came within `timeout` seconds or the bus is draining."""
        ...

    def pause(self) -> None:
        """Take nothing more from the queue; what has been delivered is still handed out."""
        ...

    def resume(self) -> None:
        """Take from the queue again."""
        ...

    def close(self) -> None:
        """Stop consuming; what was not answered is delivered again, to whoever consumes then."""
        ...


@dataclass(frozen=True)
class Depth:
    """Numbers of messages of a queue: ready, handed out unanswered, waiting for another attempt, and dead."""

    ready: int = 0
    unacked: int = 0
    delayed: int = 0
    dead: int = 0

    @property
    def waiting(self) -> int:
        """Number of messages that are not done and not dead."""
        return self.ready + self.unacked + self.delayed


@dataclass(frozen=True)
class DeadLetter:
    """A message that no stage could process."""

    queue: str
    body: bytes
    attempt: int
    reason: str
    error: str


class Bus(Protocol):
    """Publishes and consumes messages. Every method raises `BusUnavailable` when the broker does not answer."""

    @property
    def is_connected(self) -> bool:
        """Return whether there is a connection to the broker now."""
        ...

    @property
    def reconnects(self) -> int:
        """Number of times that a connection to the broker was lost and made anew."""
        ...

    def connect(self, timeout: float) -> None:
        """Wait until the broker can be talked to; raises `SettingsError` when it does not let us in."""
        ...

    def publish(self, message: Message, stamp: Stamp = NO_STAMP) -> None:
        """Publish `message` and return when it is safely in all its queues; waits while its lane in one is full."""
        ...

    def send(self, queue: str, body: bytes) -> None:
        """Publish an encoded message to `queue` alone, as its first attempt; used to send a dead letter again.

        Its lane is the one that the stamp in it names.
        """
        ...

    def consume(self, queue: str, prefetch: int = 1) -> Consumer:
        """Begin to receive the messages of `queue`, of which at most `prefetch` a lane are held and unanswered."""
        ...

    def depths(self) -> dict[str, Depth]:
        """Return the depth of every queue, both lanes together, by name, as far as this bus can tell."""
        ...

    def remove_dead(self, queue: str, of: Callable[[DeadLetter], bool]) -> list[DeadLetter]:
        """Remove the dead letters of `queue` for which `of` returns true, and return them."""
        ...

    def drain(self) -> None:
        """Take nothing more from the queues; what is under way can still be published and answered."""
        ...

    def close(self) -> None:
        """Leave the broker; what was not answered is delivered again."""
        ...
