"""What a face detector is: the interface behind which all of them are interchangeable."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
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

    def scaled(self, x_factor: float, y_factor: float) -> "Box":
        """Return the same box in a picture that was enlarged by these factors."""
        left, right = round(self.x * x_factor), round((self.x + self.width) * x_factor)
        top, bottom = round(self.y * y_factor), round((self.y + self.height) * y_factor)
        return Box(left, top, right - left, bottom - top)


def overlap(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    left, top = max(a.x, b.x), max(a.y, b.y)
    right, bottom = min(a.x + a.width, b.x + b.width), min(a.y + a.height, b.y + b.height)
    common = max(0, right - left) * max(0, bottom - top)
    return common / max(1, a.area + b.area - common)


class Voice(StrEnum):
    """Detectors as they are told apart in what is recorded; the second is the first at the size of a candidate."""

    ANIMEFACE = "animeface"
    ANIMEFACE_CLOSER = "animeface-closer"
    CASCADE = "cascade"
    LIBFACEDETECTION = "libfacedetection"
    ONNX = "onnx"


@dataclass(frozen=True)
class Candidate:
    """A place that one detector takes for a face, and how sure it is of that.

    `score` is animeface's likelihood (0 to 1), the number of the cascade's windows that agree, libfacedetection's
    confidence (0 to 100) or the ONNX model's (0 to 1).
    """

    box: Box
    score: float
    voice: Voice
    angle: float | None = None
    """Degrees by which the head is tilted clockwise, where that has been looked at (`tilt`)."""


@dataclass(frozen=True)
class Face:
    """A face, from fringe to chin. `score` compares the faces of one picture: the higher, the surer.

    `voices` have found it; `angle` is what the head is tilted by, in degrees clockwise, 0 also where nobody has looked
    at that.
    """

    box: Box
    score: float
    angle: float = 0.0
    voices: tuple[Voice, ...] = ()


def never() -> bool:
    """Return false: work that is never given up."""
    return False


class Detector(Protocol):
    """Finds faces. `detect` may be called from several threads at once."""

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        """Return all that may be a face in a picture [height, width, 3] of sRGB values, in no particular order.

        That includes what is too unsure to be taken for one (`acceptance`), so that thresholds can move afterwards.
        `given_up` says that nobody waits for the answer any more.
        """
        ...
