"""Pauses between requests to one host."""

import time
from collections.abc import Callable

from shared.contract.errors import Interrupted

_GLANCE = 0.2
"""Seconds between two looks at whether to stop."""


class Pacing:
    """Remembers when which host may be asked again."""

    def __init__(self, pause: float, stopping: Callable[[], bool]) -> None:
        self._pause = pause
        self._stopping = stopping
        self._due: dict[str, float] = {}

    def wait(self, host: str) -> None:
        """Return when `host` may be asked; the next time is a pause later. Raises `Interrupted` when asked to stop."""
        while (left := self._due.get(host, 0.0) - time.monotonic()) > 0:
            if self._stopping():
                raise Interrupted
            time.sleep(min(left, _GLANCE))
        self.hold(host, self._pause)

    def hold(self, host: str, seconds: float) -> None:
        """Put off requests to `host` for `seconds` from now."""
        self._due[host] = max(self._due.get(host, 0.0), time.monotonic() + seconds)
