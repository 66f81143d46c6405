"""Publishes what a stage announces, once it has been checked, with a stamp for the ledger."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from shared.bus.interface import Bus
from shared.bus.lanes import in_lanes
from shared.contract.declaration import Declaration
from shared.contract.errors import Poison
from shared.contract.messages import Message, Stamp, now
from shared.runtime import metrics


class Announcements:
    """The announcements of one stage."""

    def __init__(self, declaration: Declaration, bus: Bus) -> None:
        self._declaration = declaration
        self._bus = bus

    def expected(self, outgoing: Iterable[Message]) -> Iterator[Message]:
        """Pass messages on; raises `Poison` at one that is not the stage's to send."""
        for message in outgoing:
            if type(message) not in self._declaration.produces:
                raise Poison(f"{self._declaration.name} does not produce {message.kind()}")
            yield message

    def announce(
        self, outgoing: Iterable[Message], attempt: int, started: float, bulk: bool, batch_size: int = 1, **how: str
    ) -> bool:
        """Publish all that was made of a message at an attempt; return whether anything was dropped.

        `started` is the moment of `time.perf_counter` when the work on it began. Instead of one it can be a batch of
        messages; `bulk` says whether one of them was bulk.
        """
        dropped = False
        for message, is_bulk in in_lanes(self.expected(outgoing), bulk, batch_size):
            dropped |= message.drop_reason is not None
            seconds = round(time.perf_counter() - started, 4)
            self.publish(message, attempt=attempt, seconds=seconds, bulk=is_bulk, **how)
        return dropped

    def publish(self, message: Message, **circumstances: Any) -> None:
        """Publish a message, stamped with the stage, the time (UTC) and the circumstances."""
        reason = message.drop_reason
        if reason is not None:
            metrics.labelled(metrics.DROPPED, self._declaration.name, reason.value).inc()
        with metrics.labelled(metrics.PUBLISH_SECONDS, self._declaration.name).time():
            self._bus.publish(message, Stamp(stage=self._declaration.name, at=now(), **circumstances))
