"""The works of a search, page by page: as Pixiv lists them, or as it has listed them within the last hours.

Pixiv lists works by their time, and not by numbers that fall, as what remembers its answers needs them: a work's key
is the second in which it was posted and its place among those of the same second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.scraper.sources.pixiv import windows
from services.scraper.sources.pixiv.api import PixivApi
from services.scraper.sources.pixiv.descriptions import is_limited
from services.scraper.sources.pixiv.windows import Position, moment_of
from services.scraper.sources.remembered_rows import RememberedRows, Row
from shared.recipe.pixiv import Pixiv

_PLACES = 100
"""Keys of a second."""


@dataclass(frozen=True)
class Listed:
    """Works of a page: as the app describes each (`work`), with its key (`id`) and what else has been asked about it.

    Without keys, they are of a board that does not say when they were posted.
    """

    rows: list[Row]
    next_offset: int | None
    is_remembered: bool = False

    @property
    def works(self) -> tuple[Any, ...]:
        """The works as the app describes them."""
        return tuple(row["work"] for row in self.rows)

    @property
    def lowest(self) -> int | None:
        """The key of the last work; None without keys."""
        return self.rows[-1].get("id") if self.rows else None


class Listing:
    """The listing of one search."""

    def __init__(self, section: Pixiv, api: PixivApi, remembered: RememberedRows | None) -> None:
        self._section = section
        self._api = api
        self._remembered = remembered

    def page(self, position: Position) -> Listed:
        """Return the works at a position. Those of the first page are always asked for, as they are the newest."""
        if self._remembered is not None and position.below is not None:
            known = self._remembered.below(position.below)
            if known is not None:
                return Listed(known, None, is_remembered=True)
        found = self._api.search(windows.query(self._section, position))
        rows = [self._with_answers(row) for row in _with_keys(found.rows, position.below)]
        return Listed(rows, found.next_offset)

    def _with_answers(self, row: Row) -> Row:
        """Return a work with what has been asked about it, if it is limited and remembered."""
        if self._remembered is None or "id" not in row or not is_limited(row["work"]):
            return row
        known = self._remembered.below(row["id"] + 1) or [row]
        return known[0] | row if known[0]["work"] == row["work"] else row

    def keep(self, position: Position, listed: Listed) -> None:
        """Remember a page that was asked for, with all that has been asked about its works meanwhile."""
        if self._remembered is None or listed.is_remembered or listed.lowest is None:
            return
        self._remembered.keep(position.below, listed.rows)
        if windows.is_last(position, listed.works, listed.next_offset):
            self._remembered.keep(listed.lowest, [])

    def following(self, position: Position, listed: Listed, taken: list[int]) -> windows.Step:
        """Return what follows a page of which the works in `taken` have been taken."""
        if not listed.is_remembered:
            step = windows.step(self._section, position, listed.works, listed.next_offset, taken)
        else:
            step = windows.step_from_memory(position, listed.works, taken)
        if step.position is None:
            return step
        return windows.Step(step.position.model_copy(update={"below": listed.lowest}), step.crowded)


def _with_keys(works: tuple[Any, ...], below: int | None) -> Iterator[Row]:
    """Yield works with keys that fall; without any, if one of them does not say when it was posted."""
    moments = [moment_of(work) for work in works]
    for work, moment in zip(works, moments, strict=True):
        if None in moments or moment is None:
            yield {"work": work}
            continue
        key = int(moment.timestamp()) * _PLACES + _PLACES - 1
        below = key if below is None else min(key, below - 1)
        yield {"id": below, "work": work}
