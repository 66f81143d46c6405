"""A limit for the work on one picture: a library can hang, and nothing ends a thread from outside."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from queue import SimpleQueue
from typing import TypeVar

from shared.contract.errors import Interrupted, TimeLimitExceeded

T = TypeVar("T")

GRACE = 3.0
"""Seconds for what is at hand to be finished once a process has been asked to end."""

_GLANCE = 0.2
"""Seconds between two looks at whether to end."""

ENDS = 10.0
"""Seconds within which work ends that can: that of a child process, once that is killed."""


class TimeLimit:
    """Has work done that may hang, each caller's thread by a thread of its own.

    `stopping` says whether the process has been asked to end.
    """

    def __init__(self, seconds: float, stopping: Callable[[], bool]) -> None:
        self.seconds = seconds
        self._stopping = stopping
        self._of_thread = threading.local()
        self._left_behind: list[_Companion] = []

    def call(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Return what `work` returns, or raise what it raises.

        `work` is given a function that says whether it has been given up, so that it can end what it has started.
        Raises `TimeLimitExceeded` after `seconds`, and `Interrupted` if it is not done soon after the process has
        been asked to end. The thread is then left behind, and its result forgotten.
        """
        companion = self._companion()
        future = companion.submit(work)
        try:
            self._await(future)
        except (TimeLimitExceeded, Interrupted):
            companion.leave()
            self._of_thread.companion = None
            self._left_behind.append(companion)
            raise
        return future.result()

    def release(self) -> None:
        """End the calling thread's own thread, which has nothing more to do."""
        companion: _Companion | None = getattr(self._of_thread, "companion", None)
        if companion is not None:
            companion.leave()
            companion.join(_GLANCE)

    @property
    def hanging(self) -> int:
        """Threads that were left behind and have not ended since, though they have had time to."""
        self._left_behind = [companion for companion in self._left_behind if companion.is_alive]
        return sum(companion.left_for > ENDS for companion in self._left_behind)

    def _companion(self) -> "_Companion":
        companion: _Companion | None = getattr(self._of_thread, "companion", None)
        if companion is None:
            companion = self._of_thread.companion = _Companion()
        return companion

    def _await(self, future: "Future[T]") -> None:
        end = time.monotonic() + self.seconds
        end_requested = False
        while not _is_done_within(_GLANCE, future):
            if self._stopping() and not end_requested:
                end_requested, end = True, min(end, time.monotonic() + GRACE)
            if time.monotonic() >= end:
                if end_requested:
                    raise Interrupted("asked to end, and given up what took longer")
                raise TimeLimitExceeded(f"not done after {self.seconds:g} s")


def _is_done_within(seconds: float, future: "Future[T]") -> bool:
    try:
        future.exception(seconds)
    except TimeoutError:
        return False
    return True


class _Companion:
    """A daemon thread that does one piece of work after the other until it is left."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._left = threading.Event()
        self._left_at = 0.0
        self._thread = threading.Thread(target=self._serve, name=f"{threading.current_thread().name}-work", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Callable[[], bool]], T]) -> "Future[T]":
        future: Future[T] = Future()
        context = copy_context()  # for what log lines say

        def do() -> None:
            try:
                future.set_result(context.run(work, self._left.is_set))
            except BaseException as error:  # whoever waits is told, whatever it is
                future.set_exception(error)

        self._work.put(do)
        return future

    def leave(self) -> None:
        self._left_at = time.monotonic()
        self._left.set()
        self._work.put(None)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def left_for(self) -> float:
        return time.monotonic() - self._left_at

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            del work  # or it would keep the last picture in memory until the next comes
