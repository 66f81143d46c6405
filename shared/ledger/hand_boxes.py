"""Says which face of a run a verdict with a box is about: detectors with other settings number faces otherwise.

Where a person has given the box of a face, that face is known by its place: by the crop that the box came instead of,
or else by the box. The face found there with the largest overlap is meant, whatever its number. A box where none is
found is a face of its own.
"""

from collections.abc import Mapping

from shared.contract.person_messages import NEW_FACES, HandBox

LEAST_OVERLAP = 0.3
"""Intersection over union of two crops of one face at least: margins differ between settings."""


def overlap(one: HandBox, other: HandBox) -> float:
    """Return the intersection over the union of two boxes (left, top, width, height), whatever their angles."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0, across) * max(0, down)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def face_at(box: HandBox, places: Mapping[int, HandBox]) -> int | None:
    """Return the number of the face, of those whose places are known, that a crop shows; None if it is another."""
    best = max(places, key=lambda number: (overlap(box, places[number]), -number), default=None)
    return best if best is not None and overlap(box, places[best]) >= LEAST_OVERLAP else None


def own_number(face: int) -> int:
    """Return the number, in a run that finds no face there, of the face that a verdict knows as `face`."""
    return face if face >= NEW_FACES else NEW_FACES + face


def free_number(known: Mapping[int, HandBox]) -> int:
    """Return a number for a face that nobody has found before in an original, given the `known` boxes by hand."""
    return max([NEW_FACES - 1, *map(own_number, known)]) + 1
