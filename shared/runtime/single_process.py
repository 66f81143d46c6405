"""All stages in one process: a pool of threads per queue, the in-memory bus between them.

Queues are bounded, so a fast stage waits for a slow one and memory stays flat however many pictures there are.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.bus.memory import MemoryBus, Mischief
from shared.errors import Poison, StoreFull
from shared.messages import RunRequested
from shared.pipeline import PIPELINE, Queue, Step
from shared.runs import Run, finish
from shared.runtime.retry import IN_PROCESS, RetryLadder
from shared.runtime.worker import Outcome, Say, Worker, say_to_log
from shared.store.interface import Store


@dataclass(frozen=True)
class StageProgress:
    """How far a stage is: deliveries by outcome, and messages that wait for it."""

    stage: str
    outcomes: Mapping[Outcome, int]
    waiting: int


@dataclass(frozen=True)
class Options:
    """How a single-process run behaves; the defaults are `magritte run`'s."""

    threads: int = 1
    capacity: int = 64
    ladder: RetryLadder = IN_PROCESS
    mischief: Mischief = field(default_factory=Mischief)
    pipeline: tuple[Step, ...] = PIPELINE


class SingleProcess:
    """Runs one run to its end, or until asked to stop."""

    def __init__(self, run: Run, store: Store, options: Options, say: Say = say_to_log) -> None:
        self._run = run
        self._store = store
        self._options = options
        queues = [queue for step in options.pipeline for queue in step.queues]
        self._bus = MemoryBus(queues, options.capacity, options.mischief)
        self._workers = [
            Worker(step, step.stage(), self._bus, store, options.ladder, options.threads, say)
            for step in options.pipeline
        ]
        self._stop = threading.Event()

    def set_up(self) -> None:
        """Load every stage's models and prove that they work; raises `Unusable`."""
        for worker in self._workers:
            worker.stage.setup(self._run.recipe)

    def run(self, watch: Callable[[list[StageProgress]], Any] = lambda _: None, every: float = 0.25) -> bool:
        """Process everything; True when nothing is left to do, False when stopped before.

        `watch` is told the progress about every `every` seconds. Raises `StoreFull` when there is no space left, and
        `Poison` when a stage could not do what concerns the run as a whole: list a source, pack, train, rank.
        """
        threads = self._start()
        requests = threading.Thread(target=self._request, name="request")
        requests.start()
        try:
            while not self._is_over(requests):
                self._bus.wait(every)
                watch(self.progress())
        finally:
            self._drain([requests, *threads])
            watch(self.progress())
        if self._stuck is not None:
            raise self._stuck
        if self._stop.is_set():
            return False
        for worker in self._workers:
            if worker.run_failure is not None:
                raise Poison(f"{worker.step.name}: {worker.run_failure}") from worker.run_failure
        finish(self._store, self._run.name)
        return True

    def stop(self) -> None:
        """Finish what is at hand and take nothing more."""
        self._stop.set()

    def progress(self) -> list[StageProgress]:
        """How far every stage is."""
        depths = self._bus.depths()
        return [
            StageProgress(
                worker.step.name,
                dict(worker.outcomes),
                sum(depths[queue.name].waiting for queue in worker.step.queues),
            )
            for worker in self._workers
        ]

    @property
    def _stuck(self) -> StoreFull | None:
        return next((worker.store_full for worker in self._workers if worker.store_full), None)

    def _is_over(self, requests: threading.Thread) -> bool:
        idle = not requests.is_alive() and self._bus.is_idle()
        return idle or self._stop.is_set() or self._stuck is not None

    def _request(self) -> None:
        for source in range(len(self._run.recipe.sources)):
            self._bus.publish(RunRequested(run=self._run.name, source=source))

    def _start(self) -> list[threading.Thread]:
        threads = [
            thread for worker in self._workers for queue in worker.step.queues for thread in self._pool(worker, queue)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _pool(self, worker: Worker, queue: Queue) -> list[threading.Thread]:
        size = 1 if queue.single_active_consumer else worker.step.threads or self._options.threads
        consumer = self._bus.consume(queue.name)
        return [
            threading.Thread(target=worker.consume, args=(consumer,), name=f"{queue.name}-{number}")
            for number in range(size)
        ]

    def _drain(self, threads: list[threading.Thread]) -> None:
        self._bus.drain()
        for worker in self._workers:
            worker.stop()
        for thread in threads:
            thread.join()
        for worker in self._workers:
            worker.stage.close()
