"""What an owner knows of runs, in memory as long as there is room."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class RecentRuns(Generic[T]):
    """Values by run, of which the least recently used leave when all of them take more than `most` bytes.

    The last one stays, whatever it takes. `size` tells a value's bytes, roughly.
    """

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most = most
        self._size = size
        self._values: dict[str, T] = {}
        self._sizes: dict[str, int] = {}
        self._total = 0

    def take(self, run: str) -> T | None:
        """Return what is known of a run and forget it: whoever changes it keeps it again once the change is safe."""
        self._total -= self._sizes.pop(run, 0)
        return self._values.pop(run, None)

    def keep(self, run: str, value: T) -> None:
        """Remember what is known of a run as the most recently used."""
        self.take(run)
        self._values[run], self._sizes[run] = value, self._size(value)
        self._total += self._sizes[run]
        while len(self._values) > 1 and self._total > self._most:
            self.take(next(iter(self._values)))
