"""The work on one message: its action is looked up or done, recorded, and announced."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from shared.bus.interface import Delivery
from shared.contract import messages
from shared.contract.errors import TimeLimitExceeded
from shared.contract.messages import Message
from shared.contract.pipeline import Step
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Context, Stage
from shared.runtime import metrics, records
from shared.runtime.announcements import Announcements
from shared.runtime.burial import Burial, survivors
from shared.runtime.outcome import Outcome
from shared.runtime.time_limit import TimeLimit
from shared.store.interface import Store

log = structlog.get_logger()

TRIES = 2
"""Times that the work on a picture is begun before its time limit counts against the picture."""


class Execution:
    """Has a stage work on messages, in the order of effects: artifacts, action record, trail, outgoing messages."""

    def __init__(
        self,
        step: Step,
        stage: Stage[Any],
        store: Store,
        announcements: Announcements,
        burial: Burial,
        limit: TimeLimit,
    ) -> None:
        self._step = step
        self._stage = stage
        self._store = store
        self._announcements = announcements
        self._burial = burial
        self._limit = limit

    def run(self, message: Message, delivery: Delivery, context: Context) -> Outcome:
        """Do what a message asks for and announce what came of it; raises whatever the stage raises."""
        started = time.perf_counter()
        action = self._stage.action(message, context)
        announce = partial(self._announcements.announce, attempt=delivery.attempt, started=started)
        if action is None:
            with metrics.ITEM_SECONDS.labels(self._step.name).time():
                made = self._burial.survivors(self._stage.process(message, context), delivery, message)
                return Outcome.DROPPED if announce(made) else Outcome.DONE
        found = records.find(self._store, action, message)
        if found is not None:
            announce(found, reused=action.digest)
            return Outcome.REUSED
        with metrics.ITEM_SECONDS.labels(self._step.name).time():
            found = self._made(message, context)
            records.keep(self._store, action, found)
        return Outcome.DROPPED if announce(found, action=action.digest) else Outcome.DONE

    def _made(self, message: Message, context: Context) -> list[Message]:
        """Return what the stage makes of a message, tried a second time if it exceeds its limit, and then dropped."""

        def process(given_up: Callable[[], bool]) -> list[Message]:
            made = self._stage.process(message, replace(context, given_up=given_up))
            return list(self._announcements.expected(survivors(made)))

        for _ in range(TRIES):
            try:
                return self._limit.call(process)
            except TimeLimitExceeded as error:
                log.warning("time-limit-exceeded", error=str(error))
        detail = f"{self._step.name} has tried {TRIES} times and was not done after {self._limit.seconds:g} s"
        return [messages.dropped(message, self._step.name, Drop(Reason.TIME_LIMIT_EXCEEDED, detail))]
