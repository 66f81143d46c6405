"""Tells what one recipe finds of faces that another does not: which are gained, lost and cut out elsewhere. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contract.found_faces import CutFace, FoundFaces, Rectangle

SAME_FACE = 0.3
"""Intersection over union of two boxes from which they are of one face."""

Pair = tuple[CutFace, CutFace]


@dataclass(frozen=True)
class Changes:
    """The faces of one picture that only the first recipe cuts out (`lost`), only the second (`gained`), and both.

    `moved` are those of which the crops differ.
    """

    gained: tuple[CutFace, ...]
    lost: tuple[CutFace, ...]
    moved: tuple[Pair, ...]
    same: tuple[Pair, ...]

    @property
    def count(self) -> int:
        """Number of faces that are gained, lost or moved."""
        return len(self.gained) + len(self.lost) + len(self.moved)

    @property
    def rank(self) -> tuple[int, float]:
        """Sorts pictures, that with the most faces gained or lost first, then that whose crops moved furthest."""
        overlaps = [1 - overlap(first.crop or first.box, second.crop or second.box) for first, second in self.moved]
        return -len(self.gained) - len(self.lost), -sum(overlaps)


def compared(first: FoundFaces, second: FoundFaces) -> Changes:
    """Compare what two recipes cut out of one picture."""
    pairs = _pairs(first.kept, second.kept)
    here, there = {face for face, _ in pairs}, {face for _, face in pairs}
    return Changes(
        gained=tuple(face for face in second.kept if face not in there),
        lost=tuple(face for face in first.kept if face not in here),
        moved=tuple(pair for pair in pairs if _place(pair[0]) != _place(pair[1])),
        same=tuple(pair for pair in pairs if _place(pair[0]) == _place(pair[1])),
    )


def totals(found: Sequence[Changes]) -> dict[str, int]:
    """Return how many faces are gained, lost, moved and the same in all."""
    counts = Counter(gained=0, lost=0, moved=0, same=0)
    for each in found:
        parts = {"gained": each.gained, "lost": each.lost, "moved": each.moved, "same": each.same}
        counts.update({name: len(faces) for name, faces in parts.items()})
    return dict(counts)


def overlap(first: Rectangle, second: Rectangle) -> float:
    """Return the intersection over union of two rectangles, 0 to 1."""
    (x, y, width, height), (left, top, across, down) = first, second
    common = max(0, min(x + width, left + across) - max(x, left)) * max(0, min(y + height, top + down) - max(y, top))
    return common / max(1, width * height + across * down - common)


def _place(face: CutFace) -> tuple[Rectangle | None, float]:
    return face.crop, face.angle


def _pairs(first: Sequence[CutFace], second: Sequence[CutFace]) -> list[Pair]:
    """Pair the faces that overlap enough, those that overlap most first, each once."""
    close = [(overlap(a.box, b.box), a, b) for a in first for b in second]
    pairs: list[Pair] = []
    for _, a, b in sorted((each for each in close if each[0] >= SAME_FACE), key=lambda each: -each[0]):
        if all(a is not taken and b is not other for taken, other in pairs):
            pairs.append((a, b))
    return sorted(pairs, key=lambda pair: pair[0].box)
