"""What is compared of pictures: their reduced pixels without plain borders, and the details in them. Pure."""

from dataclasses import dataclass
from functools import cached_property
from threading import local
from typing import Any

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 256
"""Longer side, in pixels, at which pictures are compared."""

DECODED_SIDE = 248
"""Longer side at which a picture is decoded: half of the 496 pixels to which a JPEG of a megapixel can be reduced as it
is decoded, which takes half of the time."""

DETAILS = 300
"""Details of a picture at most, the most distinct ones."""

PLAIN = 12
"""Levels by which the pixels of a plain border may differ from its colour: JPEG leaves that much beside an edge."""

_STRAY = 0.01
"""Share of a border's line that may differ all the same."""

_LEAST_LEFT = 0.3
"""Share of width and height that a picture must have left without its borders; else it has none."""


cv2.setNumThreads(1)  # the runtime keeps all cores busy with pictures

_of_thread = local()


@dataclass(frozen=True)
class Look:
    """Reduced pixels [h, w, 3] (sRGB), and details: positions [n, 2] in them and ORB descriptors [n, 32]."""

    rgb: NDArray[np.uint8]
    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]

    @cached_property
    def mirrored(self) -> "Look":
        """The look of the mirror image."""
        return _of(np.ascontiguousarray(self.rgb[:, ::-1]))

    @cached_property
    def phash(self) -> int:
        """The perceptual hash, of 64 bits."""
        return phash_of(self.rgb)


def phash_of(rgb: NDArray[np.uint8]) -> int:
    """Return the perceptual hash of pixels [h, w, 3], of 64 bits."""
    grey = Image.fromarray(np.ascontiguousarray(rgb)).convert("L")
    return int(str(imagehash.phash(grey)), 16)


def look_of(image: Image.Image) -> Look:
    """Return the look of a decoded picture, best given at `DECODED_SIDE`."""
    return _of(_reduced(without_borders(np.asarray(image.convert("RGB")))))


def without_borders(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut off the lines of one colour that frame a picture, and what frames the rest, unless little would be left."""
    height, width = rgb.shape[:2]
    left = _without_border(rgb)
    while left.shape != rgb.shape:
        if left.shape[0] < _LEAST_LEFT * height or left.shape[1] < _LEAST_LEFT * width:
            break
        rgb, left = left, _without_border(left)
    return rgb


def _without_border(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut off lines above and below that have the colour of the first, then those on both sides."""
    height, width = rgb.shape[:2]
    inside = rgb[_border(rgb) : height - _border(rgb[::-1])]
    if not len(inside):
        return rgb
    across = inside.transpose(1, 0, 2)
    return inside[:, _border(across) : width - _border(across[::-1])]


def _border(lines: NDArray[np.uint8]) -> int:
    """Count the lines [n, length, 3] from the first on that have the colour of the first."""
    colour = np.median(lines[0], axis=0).astype(np.int16)
    for number, line in enumerate(lines):
        if (np.abs(line - colour) > PLAIN).any(axis=1).mean() > _STRAY:
            return number
    return len(lines)


def _reduced(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    factor = SIDE / max(rgb.shape[:2])
    size = max(16, round(rgb.shape[1] * factor)), max(16, round(rgb.shape[0] * factor))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR), np.uint8)


def _of(rgb: NDArray[np.uint8]) -> Look:
    details, descriptors = _orb().detectAndCompute(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), None)
    if descriptors is None:
        return Look(rgb, np.empty((0, 2), np.float32), np.empty((0, 32), np.uint8))
    order = np.argsort([-detail.response for detail in details], kind="stable")
    points = np.array([detail.pt for detail in details], np.float32)
    return Look(rgb, points[order], np.asarray(descriptors, np.uint8)[order])


def _orb() -> Any:
    """Return this thread's detector of details (E. Rublee et al., 2011), with windows that fit reduced drawings."""
    if not hasattr(_of_thread, "orb"):
        _of_thread.orb = cv2.ORB_create(  # type: ignore[attr-defined]
            nfeatures=DETAILS, scaleFactor=1.2, nlevels=5, edgeThreshold=8, patchSize=24, fastThreshold=8
        )
    return _of_thread.orb
