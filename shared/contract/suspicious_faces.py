"""Faces of a run in the order of how suspicious they are, as commands show them, and the interface of what sorts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Protocol

from shared.contract.reasons import Drop

Look = NewType("Look", bytes)
"""The features of a picture, for the sorter that found them."""


class Signal(StrEnum):
    """The ways to sort faces."""

    STRANGENESS = "strangeness"
    VERDICTS = "verdicts"


@dataclass(frozen=True)
class SeenFace:
    """A face of a run: the digest of its original, and the look of its picture.

    `belongs` says whether it is in the data set. `dropped` is what a person has decided: None where nobody has.
    """

    image: str
    look: Look
    belongs: bool = True
    dropped: bool | None = None


@dataclass(frozen=True)
class Suspect:
    """A face by its place in the sequence that was sorted, its score, and the feature that spoke most for the score."""

    place: int
    score: float
    feature: str


@dataclass(frozen=True)
class Verdicts:
    """Numbers of originals that a person has dropped and kept, or of which faces; `least` of each make a model.

    `auc` is that of the model on verdicts that were held back from it: 1 sorts all right, 0.5 is chance; None without.
    """

    dropped: int
    kept: int
    least: int
    auc: float | None = None

    @property
    def missing(self) -> tuple[int, int]:
        """The numbers of drops and of keeps that are missing for a model."""
        return max(0, self.least - self.dropped), max(0, self.least - self.kept)


@dataclass(frozen=True)
class Sorting:
    """The faces of the data set that nobody has decided about, the most suspicious first, and what they are sorted by.

    By strangeness a score of 0 is usual, and half of the faces are within 1 of that in each feature; by verdicts the
    faces above 0 look more like those that were dropped than like those that were kept.
    """

    signal: Signal
    suspects: Sequence[Suspect]
    verdicts: Verdicts


class FaceSorter(Protocol):
    """Sorts faces by how suspicious they are. `look` may be called from many threads at once."""

    def look(self, data: bytes) -> Look | Drop:
        """Return the features of an encoded picture, or why it cannot be decoded."""
        ...

    def sort(self, faces: Sequence[SeenFace]) -> Sorting:
        """Sort faces by the verdicts about some of them, or where these are too few by their strangeness."""
        ...
