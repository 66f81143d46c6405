"""The work on one message: its action is looked up or done, recorded, and announced."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic_core import to_jsonable_python

from shared.bus.interface import Delivery
from shared.contract import messages
from shared.contract.messages import Message, of_revision
from shared.contract.owner import Owner, Received
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Action, Context, Stage
from shared.runtime import metrics, records
from shared.runtime.announcements import Announcements
from shared.runtime.burial import Burial, survivors
from shared.runtime.contexts import RunSettings
from shared.runtime.library_errors import translated
from shared.runtime.outcome import Outcome
from shared.runtime.time_limit import TimeLimit
from shared.store.interface import Store

TRIES = 2
"""Times that the work on a picture is begun before its time limit counts against the picture."""


def action_of(stage: Stage[Any, Any], message: Message, settings: Any) -> Action | None:
    """Return the action that `message` asks for under `settings`; None when it is not to be recorded."""
    inputs = stage.inputs(message, settings)
    if inputs is None:
        return None
    return Action(stage.name, stage.declaration.version, _as_json(settings), inputs)


def _as_json(settings: Any) -> Mapping[str, Any]:
    """Return settings as JSON: the fields of a dataclass, or those of a pydantic model that it does not exclude."""
    return {} if settings is None else to_jsonable_python(settings)


def _is_fresh(message: Message, delivery: Delivery) -> bool:
    """Return whether a message names a picture that is new in the store, and has not been worked on before."""
    return getattr(message, "fresh", False) and delivery.attempt == 1 and not delivery.redeliveries


class Execution:
    """Has a stage work on messages, in the order of effects: artifacts, action record, outgoing messages."""

    def __init__(
        self,
        stage: Stage[Any, Any],
        store: Store,
        announcements: Announcements,
        burial: Burial,
        limit: TimeLimit,
    ) -> None:
        self._stage = stage
        self._store = store
        self._settings = RunSettings(stage, store)
        self._announcements = announcements
        self._burial = burial
        self._limit = limit

    @translated()
    def run(self, message: Message, delivery: Delivery, context: Context, given_up: int = 0) -> Outcome:
        """Do what a message asks for and announce what came of it; raises whatever the stage raises.

        `given_up` is how often the work on it has exceeded its time limit.
        """
        started = time.perf_counter()
        settings = self._settings.of(message)
        action = action_of(self._stage, message, settings)
        announce = partial(self._announcements.announce, attempt=delivery.attempt, started=started, bulk=delivery.bulk)
        if action is None:
            with metrics.labelled(metrics.ITEM_SECONDS, self._stage.name).time():
                made = self._stage.process(message, settings, context)
                alive = self._burial.survivors(made, delivery, message)
                dropped = announce(of_revision(each, message) for each in alive)
            return Outcome.DROPPED if dropped else Outcome.DONE
        fresh = not given_up and _is_fresh(message, delivery)
        found = None if fresh else records.find_outcome(self._store, action, message)
        if found is not None:
            announce(found, reused=action.digest)
            return Outcome.REUSED
        with metrics.labelled(metrics.ITEM_SECONDS, self._stage.name).time():
            found = self._made(message, settings, context, fresh) if given_up < TRIES else [self._too_long(message)]
            records.keep_outcome(self._store, action, found, message)
        return Outcome.DROPPED if announce(found, action=action.digest) else Outcome.DONE

    @translated()
    def run_batch(self, batch: Sequence[Received[Any]], attempt: int, context: Context) -> None:
        """Do what messages of one run ask of an owner, and announce what follows; raises whatever the stage raises."""
        assert isinstance(self._stage, Owner)
        started = time.perf_counter()
        bulk = any(received.stamp.bulk for received in batch)
        settings = self._settings.of(batch[0].message)
        with metrics.labelled(metrics.ITEM_SECONDS, self._stage.name).time():
            made = self._stage.process_batch(batch[0].message.run, batch, settings, context)
            self._announcements.announce(made, attempt=attempt, started=started, bulk=bulk, batch_size=len(batch))

    def _made(self, message: Message, settings: Any, context: Context, fresh: bool) -> list[Message]:
        def process(given_up: Callable[[], bool]) -> list[Message]:
            made = self._stage.process(message, settings, replace(context, fresh=fresh, given_up=given_up))
            return [of_revision(each, message) for each in self._announcements.expected(survivors(made))]

        return self._limit.call(process)

    def _too_long(self, message: Message) -> Message:
        detail = f"{self._stage.name} has tried {TRIES} times and was not done after {self._limit.seconds:g} s"
        return messages.dropped(message, self._stage.name, Drop(Reason.TIME_LIMIT_EXCEEDED, detail))
