"""Locks by name: two sources that list one file at the same time fetch it once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class _Lock:
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class NamedLocks:
    """Locks that exist as long as somebody has or wants them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, _Lock] = {}

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Wait until nobody else holds the lock of this name, and hold it."""
        with self._guard:
            known = self._locks.setdefault(name, _Lock())
            known.users += 1
        try:
            with known.lock:
                yield
        finally:
            with self._guard:
                known.users -= 1
                if not known.users:
                    del self._locks[name]
