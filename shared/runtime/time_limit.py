"""A limit for the work on one picture: a library can hang, and nothing ends a thread from outside.

Work is done by the thread that has taken it, and another thread looks on. Handing each picture to a second thread
instead would cost twenty context switches a picture, and half as much again as all else that the runtime does.
"""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

from shared.contract.errors import Interrupted, TimeLimitExceeded

T = TypeVar("T")

GRACE = 3.0
"""Seconds for what is at hand to be finished once a process has been asked to end."""

_GLANCE = 0.2
"""Seconds between two looks at a thread."""

ENDS = 10.0
"""Seconds within which work ends that can: that of a child process, once that is killed."""


@dataclass(frozen=True)
class GivenUp:
    """Work that nobody waits for any more: the thread that is still at it, and why it was given up."""

    thread: int
    error: TimeLimitExceeded | Interrupted


class TimeLimit:
    """Limits the time of `call` in the threads that `supervise` starts.

    `stopping` says whether the process has been asked to end.
    """

    def __init__(self, seconds: float, stopping: Callable[[], bool]) -> None:
        self.seconds = seconds
        self._stopping = stopping
        self._of_thread = threading.local()
        self._left_behind: list[_Server] = []

    def supervise(self, serve: Callable[[GivenUp | None], None]) -> None:
        """Run `serve` in a thread, and return or raise when it does.

        When a `call` in that thread is not done after `seconds`, or not soon after the process has been asked to end,
        the thread is left behind, and `serve` runs in another one. It is given what was given up, to answer for it.
        """
        given_up: GivenUp | None = None
        while True:
            server = _Server(self._of_thread, serve, given_up)
            given_up = self._watch(server)
            if given_up is None:
                return server.result()
            self._left_behind.append(server)

    def call(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Return what `work` returns, or raise what it raises; without a limit in a thread that nobody supervises.

        `work` is given a function that says whether it has been given up, so that it can end what it has started.
        A thread that was left behind ends here once its work does.
        """
        server: _Server | None = getattr(self._of_thread, "server", None)
        return work(lambda: False) if server is None else server.do(work)

    @property
    def hanging(self) -> int:
        """Threads that were left behind and have not ended since, though they have had time to."""
        self._left_behind = [server for server in self._left_behind if server.is_alive]
        return sum(server.left_for > ENDS for server in self._left_behind)

    def _watch(self, server: "_Server") -> GivenUp | None:
        """Return what a thread was left behind with; None if it has ended."""
        end_requested: float | None = None
        while not server.has_ended_within(_GLANCE):
            began, now = server.began, time.monotonic()
            if end_requested is None and self._stopping():
                end_requested = now
            if began is None:
                continue
            end = began + self.seconds if end_requested is None else min(began + self.seconds, end_requested + GRACE)
            if now >= end and server.leave(began):
                return GivenUp(server.thread, self._error(end_requested is not None))
        return None

    def _error(self, end_requested: bool) -> TimeLimitExceeded | Interrupted:
        if end_requested:
            return Interrupted("asked to end, and given up what took longer")
        return TimeLimitExceeded(f"not done after {self.seconds:g} s")


class _LeftBehind(BaseException):
    """Ends a thread whose work was given up."""


class _Server:
    """A daemon thread that serves until it is done, or left behind.

    `began` is when the work under way began (`time.monotonic`); None between two works.
    """

    def __init__(
        self, of_thread: threading.local, serve: Callable[[GivenUp | None], None], given_up: GivenUp | None
    ) -> None:
        self.began: float | None = None
        self._of_thread = of_thread
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._left_at = 0.0
        self._error: BaseException | None = None
        name = f"{threading.current_thread().name}-work"
        context = copy_context()  # for what log lines say
        self._thread = threading.Thread(target=context.run, args=(self._serve, serve, given_up), name=name, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """Do a piece of work in this thread."""
        self.began = time.monotonic()
        try:
            return work(self._left.is_set)
        finally:
            with self._lock:
                self.began = None
                if self._left.is_set():
                    raise _LeftBehind

    def leave(self, began: float) -> bool:
        """Leave the thread with the work that began then, unless it has been done meanwhile; return whether it was."""
        with self._lock:
            if self.began != began:
                return False
            self._left_at = time.monotonic()
            self._left.set()
            return True

    def has_ended_within(self, seconds: float) -> bool:
        """Wait for the thread to end, at most for `seconds`."""
        self._thread.join(seconds)
        return not self.is_alive

    def result(self) -> None:
        """Raise what ended the thread, if anything has."""
        if self._error is not None:
            raise self._error

    @property
    def thread(self) -> int:
        """Identifier of the thread (`threading.get_ident`)."""
        return self._thread.ident or 0

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def left_for(self) -> float:
        """Seconds since it was left behind."""
        return time.monotonic() - self._left_at

    def _serve(self, serve: Callable[[GivenUp | None], None], given_up: GivenUp | None) -> None:
        self._of_thread.server = self
        try:
            serve(given_up)
        except _LeftBehind:
            pass
        except BaseException as error:  # whoever waits is told, whatever it is
            self._error = error
