"""All stages in one process: a pool of threads per queue, the in-memory bus between them.

Queues are bounded, so a fast stage waits for a slow one and memory stays flat however many pictures there are.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from shared.bus.memory import FaultInjection, MemoryBus
from shared.contract.errors import AccountRefused, HostRefuses, MagritteError, Poison, StoreUnavailable, Transient
from shared.contract.messages import RunRequested
from shared.contract.stage import Stage, sentence
from shared.recipe.recipe import Recipe
from shared.runs.controls import Controls, controls_in_force
from shared.runs.registry import Run
from shared.runtime.emissions import Listener, log_event
from shared.runtime.execution import TRIES
from shared.runtime.observed_store import ObservedStore
from shared.runtime.outcome import Outcome
from shared.runtime.owner_worker import worker_class
from shared.runtime.resources import Resources
from shared.runtime.retry import IN_PROCESS, RetryLadder
from shared.runtime.watchdog import SILENCE, Watchdog
from shared.runtime.worker_threads import WorkerThreads
from shared.settings import read_declared
from shared.store.interface import Store

log = structlog.get_logger()

_GLANCE = 0.05
"""Seconds between two looks at whether the run is over."""

_LAST_CHANCE = 10.0
"""Seconds for long work to come to its next step, once everything has been asked to end; threads end with us."""


@dataclass(frozen=True)
class StageProgress:
    """Progress of the stages of one container: deliveries by outcome, and messages that wait for them."""

    stage: str
    outcomes: Mapping[Outcome, int]
    waiting: int


@dataclass(frozen=True)
class Options:
    """Settings of a single-process run; the defaults are `magritte run`'s."""

    resources: Resources = field(default_factory=Resources)
    capacity: int = 64
    ladder: RetryLadder = IN_PROCESS
    fault_injection: FaultInjection = field(default_factory=FaultInjection)


class SingleProcess:
    """Runs one run through `stages` to its end, or until asked to stop.

    Raises `SettingsError` when a stage cannot use its variables.
    """

    def __init__(
        self,
        run: Run,
        store: Store,
        stages: Sequence[Stage[Any, Any]],
        options: Options,
        listener: Listener = log_event,
    ) -> None:
        self._run = run
        self._store = store
        queues = [stage.declaration.inbox for stage in stages]
        self._bus = MemoryBus(queues, options.capacity, options.fault_injection)
        self._workers = [
            worker_class(stage)(
                stage, self._bus, ObservedStore(store, stage.name), options.ladder, options.resources, listener
            )
            for stage in stages
        ]
        self._environments = [read_declared(stage.declaration) for stage in stages]
        self._pools = [WorkerThreads(worker, self._bus, options.resources.threads) for worker in self._workers]
        self._controls = Controls()
        self._picture_seconds = options.resources.picture_seconds
        self._looked = 0.0
        self.gave_up = False
        self._stop = threading.Event()

    def set_up(self, recipe: Recipe) -> None:
        """Load the models that a recipe asks for, of every stage, and prove that they work; raises `Unusable`.

        The recipe is that of the run before its files are in the store, so that nothing is written before all is fine.
        """
        for worker, environment in zip(self._workers, self._environments, strict=True):
            worker.stage.setup(environment, worker.stage.settings(recipe))

    def run(self, watch: Callable[[list[StageProgress]], Any] = lambda _: None, every: float = 0.25) -> bool:
        """Process everything; True when nothing is left to do, False when stopped or cancelled before.

        `watch` is told the progress about every `every` seconds. Raises `StoreFull` when there is no space left, and
        `Poison` when a stage could not do what concerns the run as a whole.
        """
        self._obey()  # before anything is taken that must wait
        for pool in self._pools:
            pool.start()
        requests = threading.Thread(target=self._request, name="request")
        requests.start()
        try:
            with Watchdog(SILENCE + TRIES * self._picture_seconds) as watchdog:
                while not self._is_over(requests):
                    watchdog.tick()
                    self._wait(every, requests)
                    self._obey()
                    watch(self.progress())
        finally:
            self._drain(requests)
            watch(self.progress())
        if self._failure is not None:
            raise self._failure
        if self._stop.is_set() or self._run.name in self._controls.cancelled:
            return False
        for worker in self._workers:
            if worker.run_failure is not None:
                raise _failure_of_run(worker.declaration.name, worker.run_failure) from worker.run_failure
        return True

    def stop(self) -> None:
        """Finish what is at hand and take nothing more; can be called by a signal's handler."""
        self._stop.set()
        self._bus.drain()

    def progress(self) -> list[StageProgress]:
        """Return the progress of every container's stages."""
        depths = self._bus.depths()
        outcomes: dict[str, Counter[Outcome]] = {}
        waiting = Counter[str]()
        for worker in self._workers:
            outcomes.setdefault(worker.declaration.name, Counter()).update(worker.outcomes)
            waiting[worker.declaration.name] += depths[worker.declaration.queue].waiting
        return [StageProgress(name, dict(counts), waiting[name]) for name, counts in outcomes.items()]

    @property
    def _failure(self) -> BaseException | None:
        failures = (worker.broken or worker.store_full for worker in self._workers)
        return next((failure for failure in failures if failure is not None), None)

    def _wait(self, seconds: float, requests: threading.Thread) -> None:
        """Wait until the run is over, at most for `seconds`."""
        end = time.monotonic() + seconds
        while not self._is_over(requests) and time.monotonic() < end:
            self._bus.wait(min(seconds, _GLANCE))

    def _is_over(self, requests: threading.Thread) -> bool:
        idle = not requests.is_alive() and self._bus.is_idle()
        return idle or self._stop.is_set() or self._failure is not None

    def _obey(self) -> None:
        """Look at what people ask for, about once a second; a store that is away asks for nothing new."""
        if time.monotonic() - self._looked >= 1.0:
            self._looked = time.monotonic()
            with suppress(StoreUnavailable):
                self._controls = controls_in_force(self._store)
            for pool in self._pools:
                pool.obey(self._controls)

    def _request(self) -> None:
        for source in range(len(self._run.recipe.sources)):
            self._bus.publish(RunRequested(run=self._run.name, source=source))

    def _drain(self, requests: threading.Thread) -> None:
        self._bus.drain()
        for worker in self._workers:
            worker.stop()
        end = time.monotonic() + _LAST_CHANCE
        requests.join(_LAST_CHANCE)
        for pool in self._pools:
            if not pool.join(max(0.0, end - time.monotonic())):
                self.gave_up = True
                log.warning("gave-up", stage=pool.worker.declaration.name, seconds=round(pool.worker.longest, 1))
        for worker in self._workers:
            worker.stage.close()


def _failure_of_run(stage: str, failure: Exception) -> MagritteError:
    """Return the error of a run in which a stage has failed, of a kind that has the same exit code."""
    kinds = (AccountRefused, HostRefuses, Transient)
    same = next((kind for kind in kinds if isinstance(failure, kind)), Poison)
    return same(f"{stage}: {sentence(failure)}")
