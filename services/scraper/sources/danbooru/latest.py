"""Posts as they are now: many are read at once, since where one file is gone others often are."""

from collections.abc import Callable
from typing import Any

from services.scraper.sources.danbooru.posts import identified

FRESH = 60.0
"""Seconds for which what was read counts as what is now."""


class LatestRows:
    """The rows of a search that were read last. `read` returns a page of it by its name, `clock` is in seconds."""

    def __init__(self, read: Callable[[str], list[Any]], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._rows: dict[int, Any] = {}
        self._highest = self._lowest = -1
        self._read_at = 0.0

    def row(self, number: int) -> Any | None:
        """Return the row of a post, None if the search does not find it any more."""
        if not self._lowest <= number <= self._highest or self._clock() - self._read_at >= FRESH:
            self._read_below(number)
        return self._rows.get(number)

    def _read_below(self, highest: int) -> None:
        """Read a page that begins with the post `highest`."""
        rows = self._read(f"b{highest + 1}")
        self._rows = {number: row for row in rows if (number := identified(row)) is not None}
        self._highest, self._lowest = highest, min(self._rows, default=0)
        self._read_at = self._clock()
