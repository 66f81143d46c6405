"""Tells copies from different pictures by looking at both, whichever way round."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from services.deduper.alignment import Comparison, compare
from services.deduper.look import DECODED_SIDE, Look, look_of
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Objects
from shared.pictures import ANY_SHAPE, thumbnail
from shared.recipe.duplicates import Duplicates

REMEMBERED = 300
"""Looks that are kept in memory, of 0.2 MB each: copies of one picture often arrive soon after each other."""

_MOST_MOVED = 0.1
"""Share of blocks that may show two different things, at the default strictness: speech bubbles with text in them reach
0.09; of ten pairs of pictures that only look alike, nine show 0.11 and more."""

_DEFAULT_STRICTNESS = 50

Likeness = Callable[[str, str, Reason], bool]
"""Says of two different originals, by digest, whether they are duplicates of a kind, near or mirrored. Symmetric."""


class Looking:
    """Looks at originals in the store, as strictly as the recipe says: `most_moved` is the share that may differ."""

    def __init__(self, settings: Duplicates) -> None:
        self.most_moved = _MOST_MOVED * (100 - settings.strictness) / (100 - _DEFAULT_STRICTNESS)
        self._looks: OrderedDict[str, Look | None] = OrderedDict()

    def within(self, store: Objects) -> Likeness:
        """Return the comparison of the originals in `store`."""

        def likeness(one: str, other: str, kind: Reason) -> bool:
            return any(found.is_copy(self.most_moved) for found in self.comparisons(one, other, kind, store) or ())

        return likeness

    def comparisons(self, one: str, other: str, kind: Reason, store: Objects) -> Iterator[Comparison] | None:
        """Lay each original over the other, mirrored if they may be mirror images, and yield what is found.

        Of a picture that lost much the better way round says more. None if either is damaged, or gone by now.
        """
        here, there = self._look(min(one, other), store), self._look(max(one, other), store)
        if here is None or there is None:
            return None
        there = there.mirrored if kind is Reason.MIRRORED_DUPLICATE else there
        found = (compare(*looks) for looks in ((here, there), (there, here)))
        return (each for each in found if each is not None)

    def _look(self, image: str, store: Objects) -> Look | None:
        """Return the look of an original; None for one that is damaged or gone by now, which is like no other."""
        if image not in self._looks:
            self._looks[image] = _looked_at(image, store)
            if len(self._looks) > REMEMBERED:
                self._looks.popitem(last=False)
        self._looks.move_to_end(image)
        return self._looks[image]


def _looked_at(image: str, store: Objects) -> Look | None:
    try:
        reduced = thumbnail(store.get(keys.original(image)), DECODED_SIDE, ANY_SHAPE)
    except NotFound:
        return None
    return None if isinstance(reduced, Drop) else look_of(reduced.image)
