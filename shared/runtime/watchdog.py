"""The last resort against a library that never gives the GIL back: no Python code runs any more, nor Ctrl-C."""

import faulthandler
import sys
from types import TracebackType
from typing import Self

SILENCE = 60.0
"""Seconds, beyond the limits for the work on a picture, for which a loop that ticks every second may be silent."""


class Watchdog:
    """Ends the process, with exit code 1 and the stacks of all threads, when `tick` has not been called for long.

    A thread of C code waits for this, which needs no GIL. There can be one in a process.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> Self:
        self.tick()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        faulthandler.cancel_dump_traceback_later()

    def tick(self) -> None:
        """Begin to wait anew."""
        faulthandler.dump_traceback_later(self._seconds, exit=True, file=sys.__stderr__ or 2)
