"""Runs a stage on the messages of a queue.

The order of effects is artifacts, action record, trail, outgoing messages, ack: a crash anywhere leaves a
duplicate at worst, and duplicates are harmless.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

import structlog

from shared import keys, messages
from shared.bus.interface import Bus, Consumer, Delivery
from shared.errors import Interrupted, NotFound, Poison, StoreFull, Transient
from shared.messages import ItemDied, Message
from shared.pipeline import Step
from shared.recipe import Recipe
from shared.runtime import metrics, records
from shared.runtime.retry import RetryLadder
from shared.stage import Context, Stage
from shared.store.interface import Store

log = structlog.get_logger()

Say = Callable[..., None]
"""Told an event's name and its fields, always with `stage`, `run` and `item`."""


def say_to_log(event: str, **fields: Any) -> None:
    """Write what a stage has to say into the log."""
    log.info(event, **fields)


class Outcome(StrEnum):
    """What came of a delivery."""

    DONE = "done"
    REUSED = "reused"
    DROPPED = "dropped"
    RETRIED = "retried"
    DEAD = "dead"
    INTERRUPTED = "interrupted"


class Worker:
    """One stage at work on a bus and a store. `handle` may run in several threads at once."""

    def __init__(
        self,
        step: Step,
        stage: Stage[Any],
        bus: Bus,
        store: Store,
        ladder: RetryLadder,
        threads: int = 1,
        say: Say = say_to_log,
    ) -> None:
        self.step = step
        self.stage = stage
        self.outcomes: Counter[Outcome] = Counter()
        self.store_full: StoreFull | None = None
        self.run_failure: Exception | None = None
        self._bus = bus
        self._store = store
        self._ladder = ladder
        self._threads = threads
        self._say = say
        self._stopping = threading.Event()
        self._recipes: dict[str, Recipe] = {}
        self._lock = threading.Lock()

    def consume(self, consumer: Consumer) -> None:
        """Handle deliveries until asked to stop."""
        while not self._stopping.is_set():
            delivery = consumer.receive(timeout=0.5)
            if delivery is not None:
                self.handle(delivery)

    def stop(self) -> None:
        """Finish what is at hand and take nothing more."""
        self._stopping.set()

    def handle(self, delivery: Delivery) -> Outcome:
        """Process one delivery and answer it, whatever happens; unless interrupted, when it stays unanswered."""
        with metrics.IN_PROGRESS.labels(self.step.name).track_inprogress():
            message: Message | None = None
            try:
                message = messages.decode(delivery.body)
                outcome = self._process(message, delivery.attempt)
                delivery.ack()
            except Interrupted:
                outcome = Outcome.INTERRUPTED
            except Exception as error:
                outcome = self._failed(delivery, message, error)
        with self._lock:
            self.outcomes[outcome] += 1
        metrics.ITEMS.labels(self.step.name, outcome.value).inc()
        return outcome

    def _process(self, message: Message, attempt: int) -> Outcome:
        context = self._context(message)
        started = time.perf_counter()
        action = self.stage.action(message, context)
        if action is None:
            return self._announce(self.stage.process(message, context), attempt, started)
        found = records.find(self._store, action, message)
        if found is not None:
            self._announce(found, attempt, started, reused=action.digest)
            return Outcome.REUSED
        made = list(self._expected(self.stage.process(message, context)))
        records.keep(self._store, action, made)
        metrics.ITEM_SECONDS.labels(self.step.name).observe(time.perf_counter() - started)
        return self._announce(made, attempt, started, action=action.digest)

    def _announce(self, outgoing: Iterable[Message], attempt: int, started: float, **how: str) -> Outcome:
        outcome = Outcome.DONE
        for message in self._expected(outgoing):
            reason = getattr(message, "reason", None)
            if reason is not None:
                outcome = Outcome.DROPPED
                metrics.DROPPED.labels(self.step.name, reason.value).inc()
            self._tell(message, attempt=attempt, seconds=round(time.perf_counter() - started, 4), **how)
        return outcome

    def _expected(self, outgoing: Iterable[Message]) -> Iterator[Message]:
        for message in outgoing:
            if type(message) not in self.step.produces:
                raise Poison(f"{self.step.name} does not produce {message.kind()}")
            yield message

    def _tell(self, message: Message, **circumstances: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        records.leave_trail(self._store, self.step.name, message, {"at": at, **circumstances})
        self._bus.publish(message)

    def _context(self, message: Message) -> Context:
        return Context(
            recipe=self._recipe(message.run),
            store=self._store,
            threads=self._threads,
            stopping=self._stopping.is_set,
            say=partial(self._say, stage=self.step.name, run=message.run, item=message.item),
        )

    def _recipe(self, run: str) -> Recipe:
        if run not in self._recipes:
            try:
                self._recipes[run] = Recipe.model_validate_json(self._store.get(keys.recipe(run)))
            except NotFound as error:
                raise Poison(f"run {run} has no recipe in the store") from error
        return self._recipes[run]

    def _failed(self, delivery: Delivery, message: Message | None, error: Exception) -> Outcome:
        pause = self._ladder.pause(delivery.attempt, error)
        if pause is None:
            return self._died(delivery, message, error)
        if isinstance(error, StoreFull) and self._ladder.is_exhausted(delivery.attempt):
            self.store_full = error
        log.warning("retry", **self._circumstances(delivery, message), pause=pause, error=str(error))
        delivery.retry(pause)
        return Outcome.RETRIED

    def _died(self, delivery: Delivery, message: Message | None, error: Exception) -> Outcome:
        kind = type(error).__name__
        log.error("dead", **self._circumstances(delivery, message), error=kind, detail=str(error))
        try:
            if message is not None and not isinstance(message, ItemDied):  # or one death would tell of the next
                self._bury(message, error, delivery.attempt)
        except Transient as failure:
            return self._failed(delivery, message, failure)
        if message is not None and message.item == "run":
            self.run_failure = error
        metrics.DEAD.labels(self.step.name, kind).inc()
        delivery.dead(str(error), kind)
        return Outcome.DEAD

    def _circumstances(self, delivery: Delivery, message: Message | None) -> dict[str, Any]:
        item = message.item if message else "?"
        return {"stage": self.step.name, "item": item, "attempt": delivery.attempt}

    def _bury(self, message: Message, error: Exception, attempt: int) -> None:
        died = ItemDied(
            run=message.run,
            entry=getattr(message, "entry", None),
            face=getattr(message, "face", None),
            stage=self.step.name,
            error=messages.kebab(type(error).__name__),
            detail=str(error)[:500],
        )
        self._tell(died, attempt=attempt)
