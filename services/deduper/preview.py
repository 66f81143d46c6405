"""Compares pairs of originals for whoever looks at them: the figures by which the deduper decides."""

from math import inf

from services.deduper.likeness import Looking, Seen
from shared.contract.compared_pictures import LAYING, Figures
from shared.contract.objects import Objects
from shared.contract.reasons import Reason
from shared.recipe.duplicates import Duplicates

NOT_LAID = Figures(details=None, agreeing=0.0, moved=1.0, doubts={LAYING: inf})
"""Figures of two pictures that cannot be laid over each other, of which one was once taken for a copy."""


class PreviewComparer:
    """`shared.contract.compared_pictures.PictureComparer` of the originals in `store`."""

    def __init__(self, settings: Duplicates, store: Objects) -> None:
        self._looking = Looking(settings)
        self._store = store

    def compare(self, one: str, other: str, kind: Reason) -> Figures | None:
        """Return the figures of the surer of the two ways to lay the originals over each other."""
        found = self._looking.comparisons(one, other, kind, self._store)
        if found is None:
            return None
        return min(map(self._figures, found), key=lambda figures: figures.doubt, default=NOT_LAID)

    def _figures(self, seen: Seen) -> Figures:
        found, doubts = seen.comparison, seen.comparison.doubts(seen.most_moved)
        return Figures(found.details, found.agreeing, found.moved, doubts)
