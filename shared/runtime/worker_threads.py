"""A worker, the consumer that feeds it, and the threads that it works in."""

import threading
import time
from collections.abc import Callable, Iterable

from shared.bus.interface import Bus
from shared.runs.controls import Controls
from shared.runtime.worker import Worker


class WorkerThreads:
    """Consumes the queue of a worker's stage, in as many threads as it may have."""

    def __init__(self, worker: Worker, bus: Bus, threads: int) -> None:
        self.worker = worker
        batching = worker.declaration.batching
        self._size = 1 if batching else worker.declaration.threads or threads
        self._consumer = bus.consume(worker.declaration.queue, batching.most if batching else self._size)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work."""
        for number in range(self._size):
            name = f"{self.worker.declaration.queue}-{number}"
            thread = threading.Thread(target=self.worker.consume, args=(self._consumer,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def obey(self, controls: Controls) -> None:
        """Pause or resume, and forget cancelled runs."""
        name, before = self.worker.declaration.name, self.worker.controls
        self.worker.controls = controls
        if name in controls.paused and name not in before.paused:
            self._consumer.pause()
        if name in before.paused and name not in controls.paused:
            self._consumer.resume()

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


def join_all(pools: Iterable[WorkerThreads], timeout: float, meanwhile: Callable[[], object] = lambda: None) -> bool:
    """Wait for the threads of all pools to end, `timeout` seconds at most together; return whether all have."""
    deadline = time.monotonic() + timeout
    return all(pool.join(max(0.0, deadline - time.monotonic()), meanwhile) for pool in pools)
