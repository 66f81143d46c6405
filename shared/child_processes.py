"""Work in child processes, for libraries that hold the GIL as they compute: in a thread of ours such a library
would stall every other stage of a single-process run.

Functions to run must be importable by name from a module that imports little, since every child imports it.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from shared.errors import Transient

P = ParamSpec("P")
T = TypeVar("T")


class ChildProcesses:
    """At most `most` child processes (default: one per core), each started when there is work for it.

    They are spawned, not forked: a fork copies the locks that other threads happen to hold. A child that dies
    takes the pool with it, and the next call makes a new one. May be used from several threads at once.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)`, computed by a child; raises what it raises, and `Transient` if it dies."""
        pool = self._started()
        try:
            with _interrupts_held():
                future: Future[T] = pool.submit(function, *args, **kwargs)
            return future.result()
        except BrokenProcessPool as error:
            self._forget(pool)
            raise Transient(f"a child process died in {function.__name__} (of too little memory?)") from error

    def close(self) -> None:
        """End the children once they are through with what they are at."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self._most, context, initializer=_end_with_parent)
            return self._pool

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold back SIGINT. A child inherits the signal mask of the thread that starts it, so that Ctrl-C, which a
    terminal sends to children too, never reaches it, not even while it imports."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Have this child end when its parent is killed: the pool's own children would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
