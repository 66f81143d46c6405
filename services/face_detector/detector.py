"""What a face detector is: the interface behind which `cascade` and `animeface_detector` are interchangeable."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """A rectangle in whole pixels of a picture; x grows to the right, y downwards."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        """Number of pixels in the box."""
        return self.width * self.height

    def within(self, width: int, height: int) -> "Box":
        """Clip the box to a picture of `width` x `height`; a box outside becomes one of no area."""
        left, top = max(0, self.x), max(0, self.y)
        right, bottom = min(width, self.x + self.width), min(height, self.y + self.height)
        return Box(left, top, max(0, right - left), max(0, bottom - top))


def overlap(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    left, top = max(a.x, b.x), max(a.y, b.y)
    right, bottom = min(a.x + a.width, b.x + b.width), min(a.y + a.height, b.y + b.height)
    common = max(0, right - left) * max(0, bottom - top)
    return common / max(1, a.area + b.area - common)


@dataclass(frozen=True)
class DetectedFace:
    """A face, from fringe to chin. `confidence` compares faces of one detector: the higher, the surer."""

    box: Box
    confidence: float


class Detector(Protocol):
    """Finds faces. `detect` may be called from several threads at once."""

    def detect(self, rgb: NDArray[np.uint8]) -> list[DetectedFace]:
        """Find the faces in a picture, an array of height x width x 3 sRGB values, in no particular order."""
        ...
