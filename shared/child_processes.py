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
from queue import LifoQueue
from typing import ParamSpec, TypeVar

from shared.errors import Transient

P = ParamSpec("P")
T = TypeVar("T")


class ChildProcesses:
    """At most `most` child processes (default: one per core), each started when there is work for it.

    They are spawned, not forked: a fork copies the locks that other threads happen to hold. A child that dies fails
    what it was at and nothing else; another is started for the next call. May be used from several threads at once.
    """

    def __init__(self, most: int | None = None) -> None:
        # A pool of one each: a pool of several fails all that is under way when one of its processes dies.
        self._idle: LifoQueue[_Child] = LifoQueue()
        for _ in range(most or os.cpu_count() or 1):
            self._idle.put(_Child())
        self._most = self._idle.qsize()

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`function(*args, **kwargs)`, computed by a child; raises what it raises, and `Transient` if it dies."""
        child = self._idle.get()
        try:
            return child.submit(function, *args, **kwargs).result()
        except BrokenProcessPool as error:
            child.end()
            raise Transient(f"a child process died in {function.__name__} (of too little memory?)") from error
        finally:
            self._idle.put(child)

    def close(self) -> None:
        """End the children once they are through with what they are at."""
        children = [self._idle.get() for _ in range(self._most)]
        for child in children:
            child.end()
            self._idle.put(child)


class _Child:
    """One process, when there is one; used by one thread at a time."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=_end_with_parent)
        with _interrupts_held():
            return self._pool.submit(function, *args, **kwargs)

    def end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)


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
