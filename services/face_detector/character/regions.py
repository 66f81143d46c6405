"""Where a drawn head has its hair, eyes and skin, in proportions of the face's box (fringe to chin). Pure."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector.character.colours import RGB
from services.face_detector.detector import Box

SIDE = 96
"""Pixels of the face's width at which its colours are looked at: averaging takes lines and the noise of JPEG away."""


class Region(NamedTuple):
    """A rectangle in sides of the face's box, from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


AROUND = Region(-0.65, -0.85, 1.65, 1.25)
"""All that is looked at: the head with what is behind it."""

CHEEKS = Region(0.25, 0.62, 0.75, 0.85)
"""Where skin is."""


class Head:
    """A face with its surroundings, reduced to one size; what the picture lacks of them has no pixels."""

    def __init__(self, picture: Image.Image, face: Box) -> None:
        seen = _placed(AROUND, face).within(*picture.size)
        factor = SIDE / max(1, face.width)
        size = max(1, round(seen.width * factor)), max(1, round(seen.height * factor))
        corners = (seen.x, seen.y, seen.x + seen.width, seen.y + seen.height)
        part = picture.resize(size, Resampling.BOX if factor < 1 else Resampling.BILINEAR, corners)
        self.rgb: RGB = np.asarray(part.convert("RGB"))
        across = (seen.x + (np.arange(size[0]) + 0.5) / size[0] * seen.width - face.x) / max(1, face.width)
        down = (seen.y + (np.arange(size[1]) + 0.5) / size[1] * seen.height - face.y) / max(1, face.height)
        self._across, self._down = across[None, :], down[:, None]

    def mask(self, regions: Iterable[Region]) -> NDArray[np.bool_]:
        """Return which pixels lie in one of the regions."""
        found = np.zeros(self.rgb.shape[:2], bool)
        for left, top, right, bottom in regions:
            across = (self._across >= left) & (self._across < right)
            found |= across & (self._down >= top) & (self._down < bottom)
        return found

    def pixels(self, *regions: Region) -> RGB:
        """Return the pixels [n, 3] that lie in the regions."""
        return self.rgb[self.mask(regions)]


def _placed(region: Region, face: Box) -> Box:
    left, top = round(face.x + region.left * face.width), round(face.y + region.top * face.height)
    right, bottom = round(face.x + region.right * face.width), round(face.y + region.bottom * face.height)
    return Box(left, top, right - left, bottom - top)
