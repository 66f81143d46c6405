"""Pictures of faces that a person has edited, and the interface of what finds them in their originals."""

from dataclasses import dataclass
from typing import Protocol

from shared.contract.found_faces import Rectangle


@dataclass(frozen=True)
class EditedFace:
    """A picture of a face as it was exported, as it is now, and the original that it was cut out of, all encoded.

    `box` and `angle` say where in the original that was.
    """

    original: bytes
    exported: bytes
    edited: bytes
    box: Rectangle
    angle: float = 0.0


@dataclass(frozen=True)
class Shown:
    """The part of an original that a picture shows: a box, turned clockwise about its middle by `angle` degrees."""

    box: Rectangle
    angle: float


@dataclass(frozen=True)
class Unusable:
    """The reason why an edited picture gives no box, as the end of a sentence that begins with the picture's name."""

    why: str


class EditFinder(Protocol):
    """Finds out which part of its original an edited picture shows. May be called from many threads at once."""

    def find(self, face: EditedFace) -> Shown | Unusable | None:
        """Return the part that the edited picture shows; None if it still shows what it did."""
        ...
