"""Faces that a recipe finds in a picture, as commands show them, and the interface of what finds them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contract.objects import Objects
from shared.contract.reasons import Drop

Rectangle = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


@dataclass(frozen=True)
class Sighting:
    """A place that a detector, `voice`, takes for a face, whether it is sure enough of that or not."""

    box: Rectangle
    score: float
    voice: str


@dataclass(frozen=True)
class CutFace:
    """A face, and its crop; without one, a `drop` says why, unless the picture as a whole has been dropped.

    A crop is turned about its middle by `angle`, in degrees clockwise.
    """

    box: Rectangle
    score: float
    crop: Rectangle | None
    drop: Drop | None = None
    angle: float = 0.0


@dataclass(frozen=True)
class FoundFaces:
    """All that a recipe finds in a picture of `size` (width, height); `drop` says why the picture is left out."""

    size: tuple[int, int]
    sightings: Sequence[Sighting]
    faces: Sequence[CutFace]
    drop: Drop | None = None

    @property
    def kept(self) -> list[CutFace]:
        """The faces that are cut out."""
        return [] if self.drop else [face for face in self.faces if face.crop]


@dataclass(frozen=True)
class Looked:
    """Faces that each of several recipes finds in a picture, and how many searches of it were not on record."""

    found: tuple[FoundFaces, ...]
    searches: int


class FaceFinder(Protocol):
    """Finds faces by one or several recipes, as the face detector does."""

    def find(self, read: Callable[[], bytes], image: str = "", store: Objects | None = None) -> Looked | Drop:
        """Return what the recipes find in the picture that `read` returns; a `Drop` for one that cannot be decoded.

        With a store, searches of the original `image` that it has on record are taken from there, and others recorded.
        """
        ...

    def close(self) -> None:
        """End what was started for it."""
        ...
