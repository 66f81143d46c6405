"""Looks at transfers while they wait: whether to stop, whether their time is over, whether they are too slow."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.scraper.web.hosts import GLANCE
from services.scraper.web.politeness import Limits
from shared.contract.errors import Interrupted

_SHORTEST = 0.001
"""A time limit of 0 would mean not to wait at all."""


class TimeOver(Exception):
    """A transfer has not ended within its time."""


class TooSlow(Exception):
    """A transfer is slower than what can be waited for; its text says by how much."""


class Watch:
    """The time and speed of all requests of one file or answer; pauses between them do not count."""

    def __init__(self, limits: Limits, stopping: Callable[[], bool], clock: Callable[[], float]) -> None:
        self.limits = limits
        self._stopping = stopping
        self._clock = clock
        self._left = limits.seconds
        self._deadline = self._since = 0.0
        self._bytes = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time within the context, and look at all that this thread receives in it."""
        started = self._since = self._clock()
        self._deadline, self._bytes = started + self._left, 0
        _present.watch = self
        try:
            yield
        finally:
            _present.watch = None
            self._left -= self._clock() - started

    def look(self) -> float:
        """Return for how many seconds one may wait until the next look.

        Raises `Interrupted` when asked to stop, `TimeOver` and `TooSlow`.
        """
        if self._stopping():
            raise Interrupted
        now = self._clock()
        if now >= self._deadline:
            raise TimeOver
        if now - self._since >= self.limits.window:
            if self._bytes < self.limits.least_speed * (now - self._since):
                raise TooSlow(f"{self._bytes} bytes within {now - self._since:.3g} seconds")
            self._since, self._bytes = now, 0
        return max(_SHORTEST, min(GLANCE, self._deadline - now, self._since + self.limits.window - now))

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(0.0, self._deadline - self._clock())

    def received(self, count: int) -> None:
        """Note that `count` bytes have come."""
        self._bytes += count


class _Present(threading.local):
    watch: Watch | None = None


_present = _Present()


def present_watch() -> Watch:
    """Return the watch that this thread's transfer is under."""
    if _present.watch is None:
        raise RuntimeError("nothing is received outside of Watch.running")
    return _present.watch
