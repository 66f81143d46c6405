"""Tells copies from different pictures by looking at both, whichever way round."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from math import inf
from typing import NamedTuple

from services.deduper.alignment import Comparison, compare
from services.deduper.look import DECODED_SIDE, Look, look_of
from services.deduper.resolution import effective_resolution
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Objects
from shared.pictures import ANY_SHAPE, thumbnail
from shared.recipe.duplicates import Duplicates, Variants

REMEMBERED = 200
"""Looks that are kept in memory, of 0.2 MB each, or 0.4 with the mirror image: copies of one picture often arrive soon
after each other."""

_MOST_MOVED = 0.06
"""Share of blocks that may show two different things, at the default strictness. Most copies show none, those with a
watermark or with clipped lights up to 0.1; pairs of pictures that only look alike 0.07 and more."""

_ALIKE_BITS, _MORE_IF_ALIKE = 6, 1.5
"""Bits of phash up to which two pictures may differ in so many times the share: watermarks leave the hash as it is,
while pictures that only look alike differ in 12 bits and more."""

_MOST_OF_A_VARIANT = 0.004
"""The same where variants are kept: open and closed eyes, or another mouth, are 0.006 and more."""

_DEFAULT_STRICTNESS = 50


def _nothing(image: str) -> Collection[str]:
    return ()


def _no_loss(kept: str, other: str, kind: Reason) -> float:
    return 0.0


NEARLY = 2.0
"""Doubt up to which a person should look at two pictures that are both kept. Of 10 pairs of real drawings that look
alike one has little more than 1, the others 3.4 and more."""


class Eyes(NamedTuple):
    """The things that are known of originals, which are named by their digests, beside their fingerprints.

    `doubt` says of two different ones how much speaks against it that they are duplicates of a kind, near or mirrored,
    whichever way round: up to 1 they are, and up to `NEARLY` a person might think so. `resolution` is how much one
    shows (`services.deduper.resolution`). `same` are those that a person has called copies of one
    (`services.deduper.pair_verdicts`). `loss` is the share of what is drawn on `other` that a duplicate kept in its
    place does not show: of a sharper crop, what was cut off.
    """

    doubt: Callable[[str, str, Reason], float]
    resolution: Callable[[str], int]
    same: Callable[[str], Collection[str]] = _nothing
    loss: Callable[[str, str, Reason], float] = _no_loss


class Seen(NamedTuple):
    """The findings of laying one original over another, named `first`, and the share that may show something else."""

    comparison: Comparison
    most_moved: float
    first: str

    def share_shown(self, image: str) -> float:
        """Return the share of what is drawn on one of both that the other shows."""
        return self.comparison.cover if image == self.first else self.comparison.covered


class Looks:
    """The looks of pictures that were looked at last, by their keys."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Look | None] = OrderedDict()

    def of(self, key: str, store: Objects) -> Look | None:
        """Return the look of a picture; None for one that is damaged or gone by now, which is like no other."""
        if key not in self._known:
            self._known[key] = _looked_at(key, store)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


class Looking:
    """Looks at pictures in the store, as strictly as the recipe says. Recipes can share `looks`.

    `key` returns that of a picture, of an original if it is not given. Of either picture of a pair the other must cover
    the share `least_cover`; where variants are kept, the share `most_of_a_variant` may show something else.
    """

    def __init__(
        self,
        settings: Duplicates,
        looks: Looks | None = None,
        key: Callable[[str], str] = keys.original,
        least_cover: float = 0.0,
        most_of_a_variant: float = _MOST_OF_A_VARIANT,
    ) -> None:
        self._key, self._most_uncovered = key, 1 - least_cover
        self._most_moved = _MOST_MOVED * (100 - settings.strictness) / (100 - _DEFAULT_STRICTNESS)
        self._most_if_alike = self._most_moved * _MORE_IF_ALIKE
        if settings.variants is Variants.KEEP:
            self._most_moved = self._most_if_alike = min(self._most_moved, most_of_a_variant)
        self._looks = looks or Looks()

    def within(self, store: Objects) -> Eyes:
        """Return eyes for the originals in `store`."""

        last: dict[tuple[str, str, Reason], list[Seen]] = {}  # the loss is asked for after the doubt

        def compared(one: str, other: str, kind: Reason) -> list[Seen]:
            pair = min(one, other), max(one, other), kind
            if pair not in last:
                last.clear()
                last[pair] = list(self.comparisons(one, other, kind, store) or ())
            return last[pair]

        def doubt(one: str, other: str, kind: Reason) -> float:
            return min(map(self._doubt, compared(one, other, kind)), default=inf)

        def loss(kept: str, other: str, kind: Reason) -> float:
            surest = min(compared(kept, other, kind), key=self._doubt)
            return 1 - surest.share_shown(other)

        return Eyes(doubt, lambda image: _resolution(self._key(image), store), loss=loss)

    def _doubt(self, seen: Seen) -> float:
        found = seen.comparison
        return max(found.doubt(seen.most_moved), (1 - min(found.cover, found.covered)) / self._most_uncovered)

    def comparisons(self, one: str, other: str, kind: Reason, store: Objects) -> Iterator[Seen] | None:
        """Lay each picture over the other, mirrored if they may be mirror images, and yield what is found.

        Of a picture that lost much the better way round says more. None if either is damaged, or gone by now.
        """
        here, there = (self._looks.of(self._key(each), store) for each in sorted((one, other)))
        if here is None or there is None:
            return None
        there = there.mirrored if kind is Reason.MIRRORED_DUPLICATE else there
        alike = (here.phash ^ there.phash).bit_count() <= _ALIKE_BITS
        most_moved = self._most_if_alike if alike else self._most_moved
        names = sorted((one, other))
        ways = ((here, there, names[0]), (there, here, names[1]))
        found = ((compare(below, over), first) for below, over, first in ways)
        return (Seen(each, most_moved, first) for each, first in found if each is not None)


def _resolution(key: str, store: Objects) -> int:
    try:
        return effective_resolution(store.get(key), ANY_SHAPE)
    except NotFound:
        return 0


def _looked_at(key: str, store: Objects) -> Look | None:
    try:
        reduced = thumbnail(store.get(key), DECODED_SIDE, ANY_SHAPE)
    except NotFound:
        return None
    return None if isinstance(reduced, Drop) else look_of(reduced.image)
