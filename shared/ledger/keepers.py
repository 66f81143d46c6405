"""Tells which kept pictures with copies have left the run, or are in it again, without the deduper knowing."""

from collections.abc import Callable

from shared.ledger.columns import Columns
from shared.ledger.fates import Fate


class Keepers:
    """Pictures, by row of the columns of a tally, whose copies depend on what becomes of them.

    `fate` returns that of a row whose picture the deduper has kept, None for another. `unreported` are the rows whose
    fate is to be reported to the deduper; the columns `copies` (how many a picture supersedes) and `passed_over` (the
    deduper knows that it is out of the run) say the rest.
    """

    def __init__(self, pictures: Columns, fate: Callable[[int], Fate | None]) -> None:
        self._pictures = pictures
        self._fate = fate
        self.unreported = {row for row in range(len(pictures)) if self._is_unreported(row)}

    def note_copy(self, row: int, keeper: int | None) -> None:
        """Note which row's picture supersedes that of `row` from now on, None for none."""
        before = self._pictures.keeper[row]
        after = 0 if keeper is None else keeper + 1
        self._pictures.keeper[row] = after
        for other, change in ((before, -1), (after, 1)):
            if other:
                self._pictures.copies[other - 1] += change
                self.look_at(other - 1)

    def look_at(self, row: int) -> None:
        """Find anew whether the fate of a picture is to be reported to the deduper."""
        (self.unreported.add if self._is_unreported(row) else self.unreported.discard)(row)

    def _is_unreported(self, row: int) -> bool:
        if not self._pictures.copies[row] and not self._pictures.passed_over[row]:
            return False
        fate = self._fate(row)
        if self._pictures.passed_over[row]:
            return fate is Fate.IN_DATASET
        return fate in (Fate.DROPPED, Fate.DEAD)
