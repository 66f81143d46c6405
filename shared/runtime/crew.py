"""A worker, the consumers that feed it, and the threads that it works in."""

import threading
import time
from collections.abc import Callable

from shared.bus.interface import Bus, Consumer
from shared.contract.pipeline import Queue
from shared.runs.controls import Controls
from shared.runtime.worker import Worker


class Crew:
    """Consumes all queues of a worker's step, each in as many threads as it may have."""

    def __init__(self, worker: Worker, bus: Bus, threads: int) -> None:
        self.worker = worker
        self._sizes = [_size(queue, worker.step.threads or threads) for queue in worker.step.queues]
        self._consumers = [
            bus.consume(queue.name, size) for queue, size in zip(worker.step.queues, self._sizes, strict=True)
        ]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work."""
        for consumer, size, queue in zip(self._consumers, self._sizes, self.worker.step.queues, strict=True):
            for number in range(size):
                thread = threading.Thread(
                    target=self.worker.consume, args=(consumer,), name=f"{queue.name}-{number}", daemon=True
                )
                thread.start()
                self._threads.append(thread)

    def obey(self, controls: Controls) -> None:
        """Pause or proceed, and forget cancelled runs."""
        name, before = self.worker.step.name, self.worker.controls
        self.worker.controls = controls
        if (name in controls.paused) != (name in before.paused):
            for consumer in self._consumers:
                _pause_or_proceed(consumer, name in controls.paused)

    def join(self, timeout: float | None = None, meanwhile: Callable[[], object] = lambda: None) -> bool:
        """Wait for all threads to end, `timeout` seconds at most; `meanwhile` is called twice a second."""
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            while thread.is_alive():
                if deadline is not None and time.monotonic() > deadline:
                    return False
                thread.join(0.5)
                meanwhile()
        return True


def _size(queue: Queue, threads: int) -> int:
    return 1 if queue.single_active_consumer else threads


def _pause_or_proceed(consumer: Consumer, paused: bool) -> None:
    if paused:
        consumer.pause()
    else:
        consumer.proceed()
