"""Runs a stage on the messages of a queue, and answers each of them.

The answer comes last, after all that `execution` writes and publishes: a crash anywhere leaves a duplicate at worst,
and duplicates are harmless.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import structlog
from prometheus_client import Gauge

from shared.bus.interface import Bus, Consumer, Delivery
from shared.contract import keys, messages
from shared.contract.errors import BusUnavailable, Interrupted, StoreFull, StoreUnavailable, Transient
from shared.contract.items import WholeRun
from shared.contract.messages import Message
from shared.contract.stage import Stage, sentence
from shared.runs.controls import Controls
from shared.runtime import logs, metrics
from shared.runtime.announcements import Announcements
from shared.runtime.burial import Burial
from shared.runtime.contexts import Contexts
from shared.runtime.emissions import Emissions, Listener, log_event
from shared.runtime.execution import Execution
from shared.runtime.outcome import Outcome
from shared.runtime.policy import BreakOff, Bury, TryAgain, decide
from shared.runtime.quarantine import Quarantine
from shared.runtime.resources import Resources
from shared.runtime.retry import RetryLadder
from shared.runtime.suspects import Suspects, is_suspect
from shared.runtime.time_limit import GivenUp, TimeLimit
from shared.store.interface import Store

log = structlog.get_logger()

PATIENCE = 0.5
"""Seconds to wait for a message."""

_AGAIN = 1.0
"""Seconds until a store or a broker that was away is asked again."""


class _AtHand:
    """A delivery that a thread works on in a room of the quarantine, since when (`time.monotonic`).

    `given_up` is how often the work on it has exceeded its time limit. `in_progress` counts such deliveries.
    """

    def __init__(
        self, delivery: Delivery, room: AbstractContextManager[None], given_up: int, in_progress: Gauge
    ) -> None:
        self.delivery = delivery
        self.given_up = given_up
        self._room = room
        self._in_progress = in_progress
        in_progress.inc()
        room.__enter__()
        self.since = time.monotonic()

    def put_down(self) -> None:
        """Leave the room, once the delivery is answered or another thread has taken it over."""
        self._room.__exit__(None, None, None)
        self._in_progress.dec()


class Worker:
    """One stage at work on a bus and a store. `handle` may run in several threads at once.

    `controls` is set from outside as people change them. `broken` is what ended a thread: the process is of no use
    any more. `store_full` and `run_failure` concern a whole run.
    """

    def __init__(
        self,
        stage: Stage[Any, Any],
        bus: Bus,
        store: Store,
        ladder: RetryLadder,
        resources: Resources = Resources(),  # noqa: B008 (it is frozen)
        listener: Listener = log_event,
    ) -> None:
        self.declaration = declaration = stage.declaration
        self.stage = stage
        self.controls = Controls()
        self.outcomes: Counter[Outcome] = Counter()
        self.broken: BaseException | None = None
        self.store_full: StoreFull | None = None
        self.run_failure: Exception | None = None
        self._store = store
        self._ladder = ladder
        announcements = Announcements(declaration, bus)
        self._burial = Burial(declaration, store, announcements)
        self._emissions = Emissions(declaration, store, listener)
        self._contexts = Contexts(store, resources, self._is_to_stop, self._emissions)
        self._suspects = Suspects(store, declaration.queue, declaration.long)
        self._draining = threading.Event()
        self._stopping = threading.Event()
        self._store_is_away = False
        self._at_hand: dict[int, _AtHand] = {}
        self._quarantine = Quarantine()
        self._limit = TimeLimit(resources.picture_seconds, self._stopping.is_set)
        self._execution = Execution(stage, store, announcements, self._burial, self._limit)
        self._lock = threading.Lock()
        metrics.introduce(declaration.name, Outcome)

    def consume(self, consumer: Consumer) -> None:
        """Handle deliveries until asked to end and none is left, or until the process is `broken`."""
        try:
            self._limit.supervise(partial(self._serve, consumer))
        except BaseException as error:  # a thread that ended unseen would leave a run waiting for ever
            self.broken = error

    def _serve(self, consumer: Consumer, given_up: GivenUp | None) -> None:
        if given_up is not None:
            self._take_over(given_up)
        while self.broken is None and not self._stopping.is_set():
            self._await_store()
            if not self._handle_next(consumer) and self._draining.is_set():
                return

    def _take_over(self, given_up: GivenUp) -> None:
        """Answer a delivery in place of a thread that was left behind with it."""
        at_hand = self._at_hand.pop(given_up.thread)
        at_hand.put_down()
        if isinstance(given_up.error, Interrupted):
            self._count(at_hand.delivery, self._failed(at_hand.delivery, None, given_up.error))
        else:
            log.warning("time-limit-exceeded", stage=self.declaration.name, error=str(given_up.error))
            self.handle(at_hand.delivery, at_hand.given_up + 1)

    def _handle_next(self, consumer: Consumer) -> bool:
        """Handle what comes next; False if nothing comes."""
        delivery = consumer.receive(PATIENCE)
        if delivery is not None:
            self.handle(delivery)
        return delivery is not None

    def drain(self) -> None:
        """Finish what is at hand and take nothing more."""
        self._draining.set()

    def stop(self) -> None:
        """Drain, and give up long work between two steps of it."""
        self._stopping.set()
        self._draining.set()

    @property
    def hanging(self) -> int:
        """Threads that will never end: a library hangs in them, and what they were at has been given up."""
        return self._limit.hanging

    @property
    def longest(self) -> float:
        """Seconds that the longest delivery under way has taken so far; 0 when there is none."""
        now = time.monotonic()
        return max((now - at_hand.since for at_hand in list(self._at_hand.values())), default=0.0)

    def handle(self, delivery: Delivery, given_up: int = 0) -> Outcome:
        """Process one delivery and answer it, whatever happens.

        `given_up` is how often the work on it has exceeded its time limit.
        """
        self._take_up(delivery, self._room(delivery), given_up)
        try:
            outcome = self._handled(delivery, given_up)
        finally:
            self._put_down()
        self._count(delivery, outcome)
        return outcome

    def _take_up(self, delivery: Delivery, room: AbstractContextManager[None], given_up: int = 0) -> None:
        """Note what this thread works on, in a room of the quarantine, until it is put down."""
        in_progress = metrics.labelled(metrics.IN_PROGRESS, self.declaration.name)
        self._at_hand[threading.get_ident()] = _AtHand(delivery, room, given_up, in_progress)

    def _put_down(self) -> None:
        """Put down what this thread works on, unless another has taken it over."""
        at_hand = self._at_hand.pop(threading.get_ident(), None)
        if at_hand is not None:
            at_hand.put_down()

    def _count(self, delivery: Delivery, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[outcome] += 1
        metrics.labelled(metrics.ITEMS, self.declaration.name, outcome.value).inc()
        if outcome not in (Outcome.RETRIED, Outcome.INTERRUPTED):  # which come again
            metrics.labelled(metrics.ITEM_AGE_SECONDS, self.declaration.name).observe(delivery.age)

    def _handled(self, delivery: Delivery, given_up: int) -> Outcome:
        message: Message | None = None
        try:
            message = messages.decode_message(delivery.body)
            with logs.About(message, stage=self.declaration.name, attempt=delivery.attempt):
                outcome = self._processed(message, delivery, given_up)
                self._answer(delivery.ack)
                log.info("handled", message=message.kind(), outcome=outcome.value)
                return outcome
        except Exception as error:
            with logs.About(message, stage=self.declaration.name, attempt=delivery.attempt):
                return self._failed(delivery, message, error)

    def _room(self, delivery: Delivery) -> AbstractContextManager[None]:
        return self._quarantine.alone() if is_suspect(delivery) else self._quarantine.company()

    def _processed(self, message: Message, delivery: Delivery, given_up: int) -> Outcome:
        if self._is_cancelled(message.run):
            return Outcome.CANCELLED
        with self._suspects.watched(delivery, message), self._emissions.kept(message):
            return self._execute(message, delivery, given_up)

    def _execute(self, message: Message, delivery: Delivery, given_up: int) -> Outcome:
        return self._execution.run(message, delivery, self._contexts.of(message, delivery.epoch), given_up)

    def _is_to_stop(self, run: str) -> bool:
        metrics.labelled(metrics.LAST_STEP, self.declaration.name).set_to_current_time()
        return self._stopping.is_set() or self._is_cancelled(run)

    def _seems_cancelled(self, run: str) -> bool:
        return self.declaration.cancellable and run in self.controls.cancelled

    def _is_cancelled(self, run: str) -> bool:
        """Ask the store once more: what is published by whoever takes the run up again must not be forgotten."""
        return self._seems_cancelled(run) and self._store.exists(keys.cancelled(run))

    def _failed(self, delivery: Delivery, message: Message | None, error: Exception) -> Outcome:
        """Carry out what the policy says about an error."""
        match decide(error, delivery.attempt, self._ladder):
            case TryAgain(pause):
                return self._retried(delivery, error, pause)
            case Bury():
                return self._died(delivery, message, error)
            case BreakOff():
                self.broken = error
        self._answer(delivery.requeue)
        return Outcome.INTERRUPTED

    def _retried(self, delivery: Delivery, error: Exception, pause: float) -> Outcome:
        self._store_is_away |= isinstance(error, StoreUnavailable)
        if isinstance(error, StoreFull) and self._ladder.is_exhausted(delivery.attempt):
            self.store_full = error
        log.warning("retry", pause=pause, error=sentence(error))
        self._answer(partial(delivery.retry, pause))
        return Outcome.RETRIED

    def _died(self, delivery: Delivery, message: Message | None, error: Exception) -> Outcome:
        try:
            letter = self._burial.bury(delivery, message, error)
        except Transient as failure:
            return self._failed(delivery, message, failure)
        if message is not None and message.item == WholeRun():
            self.run_failure = error
        self._answer(partial(delivery.dead, letter.reason, letter.error))
        return Outcome.DEAD

    def _answer(self, answer: Callable[[], None]) -> None:
        """Give an answer, however long the broker is away; the bus ignores one that comes too late."""
        while True:
            try:
                return answer()
            except BusUnavailable as error:
                log.warning("broker-away", error=str(error))
                if self._stopping.wait(_AGAIN):
                    return None

    def _await_store(self) -> None:
        """Wait while the store is away: else every message of the queue would go through its retries."""
        while self._store_is_away and not self._draining.is_set():
            try:
                self._store.exists(keys.paused(self.declaration.name))
                self._store_is_away = False
            except StoreUnavailable:
                self._draining.wait(_AGAIN)
