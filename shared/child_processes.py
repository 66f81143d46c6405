"""Work in child processes, for libraries that hold the GIL as they compute or may end or hang their process.

Functions to run must be importable by name from a module that imports little, since every child imports it.
"""

import ctypes
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import resource_tracker
from queue import LifoQueue
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from shared.contract.errors import Interrupted, Transient

P = ParamSpec("P")
T = TypeVar("T")

_GLANCE = 0.2
"""Seconds between two looks at whether a result is still wanted."""


def after(seconds: float) -> Callable[[], bool]:
    """Return a function that says whether `seconds` have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


class ChildProcesses:
    """At most `most` child processes (default: one per core), each started when there is work for it.

    They are spawned, not forked: a fork copies the locks that other threads happen to hold. A child that dies or is
    killed fails what it was at and nothing else; another is started for the next call. May be used from several
    threads at once.
    """

    def __init__(self, most: int | None = None) -> None:
        # A pool of one each: when it is stopped, all that ends is the child that hangs.
        self._all = [_Child() for _ in range(most or os.cpu_count() or 1)]
        self._idle: LifoQueue[_Child] = LifoQueue()
        for child in self._all:
            self._idle.put(child)

    def run(self, given_up: Callable[[], bool], function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `function(*args, **kwargs)`, computed by a child; raise what it raises.

        Raises `Transient` if the child dies, and `Interrupted` once nobody waits for the result any more, as
        `given_up` tells: the child is then killed.
        """
        child = self._idle.get()
        try:
            return child.run(given_up, function, *args, **kwargs)
        finally:
            self._idle.put(child)

    def close(self) -> None:
        """End the children, whatever they are at."""
        for child in self._all:
            child.end()


class _Child:
    """One process, when there is one; used by one thread at a time."""

    def __init__(self) -> None:
        self._pool: ProcessPool | None = None
        self._lock = threading.Lock()

    def run(self, given_up: Callable[[], bool], function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        future = self._started().schedule(function, args, kwargs)
        killed = Interrupted(f"{function.__name__} was given up, and its process killed")
        while not wait([future], timeout=_GLANCE).done:
            if given_up():
                self.end()
                raise killed
        try:
            return future.result()
        except (ProcessExpired, BrokenProcessPool, SystemExit) as error:  # a library's exit is not ours
            self.end()
            if given_up():
                raise killed from error
            raise Transient(f"a child process died in {function.__name__} (of too little memory?)") from error

    def end(self) -> None:
        with self._lock:
            _end(self._pool)
            self._pool = None

    def _started(self) -> ProcessPool:
        with self._lock:
            if self._pool is None or not self._pool.active:
                _end(self._pool)
                self._pool = _starter().submit(_start).result()
            return self._pool


def _end(pool: ProcessPool | None) -> None:
    """Stop a pool and its process: by SIGTERM, and by SIGKILL if that has not helped after three seconds."""
    if pool is not None:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _start() -> ProcessPool:
    resource_tracker.ensure_running()  # or it would be started with the child, and let interrupts through afterwards
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    context = multiprocessing.get_context("spawn")
    pool = ProcessPool(1, initializer=_end_with_parent, initargs=(os.getpid(),), context=context)
    assert pool.active  # asked for this, it starts its process
    return pool


@cache
def _starter() -> ThreadPoolExecutor:
    """Return the one thread that starts children. They inherit its signal mask, so that Ctrl-C, which a terminal
    sends to children too, never reaches them, not even while they import; and the kernel ends them when it ends."""
    return ThreadPoolExecutor(1, "child-starter")


def _end_with_parent(parent: int) -> None:
    """Have the kernel kill this child when its parent is gone: a library that hangs may hold the GIL for ever."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


_PR_SET_PDEATHSIG = 1
"""Of Linux' prctl(2). The signal comes when the thread ends that started the child: hence one thread for all."""
