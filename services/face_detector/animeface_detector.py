"""The detector of the PyPI package `animeface`, by way of its C library."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector import nvxs
from services.face_detector.detector import Box, Candidate, Voice, never
from shared.recipe.detectors import Animeface

UNLIKELY = 0.1
"""Likelihood below which nothing is recorded: of a picture that would be hundreds of boxes."""

CLOSER = 90
"""Pixels of a face when it is looked at more closely: twice animeface's smallest window. With 64 pixels instead a
vote finds 5 of 150 faces fewer, with both sizes 1 more for twice the time (measured on drawings of many artists)."""

SURROUNDINGS = 1.8
"""Side of what is looked at more closely, in sides of the face."""


class AnimefaceDetector:
    """Faces by animeface, looked for in a reduced picture; its effort grows with the pixels."""

    def __init__(self, settings: Animeface) -> None:
        self._side = settings.reduce_to

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        """Find faces, in pixels of the picture as it was given."""
        picture = Image.fromarray(rgb)
        small = picture.copy()
        small.thumbnail((self._side, self._side), Resampling.LANCZOS)
        factors = picture.width / small.width, picture.height / small.height
        return [
            Candidate(box.scaled(*factors).within(*picture.size), likelihood, Voice.ANIMEFACE)
            for box, likelihood in _found(small)
        ]


def look_closer(rgb: NDArray[np.uint8], boxes: Iterable[Box]) -> list[Candidate]:
    """Find faces near `boxes` of a picture, each at a size that animeface sees best."""
    picture = Image.fromarray(rgb)
    return [found for box in boxes if (seen := _surroundings(box, picture)).area for found in _near(box, seen, picture)]


def _surroundings(box: Box, picture: Image.Image) -> Box:
    side = round(max(box.width, box.height) * SURROUNDINGS)
    left, top = box.x + (box.width - side) // 2, box.y + (box.height - side) // 2
    return Box(left, top, side, side).within(*picture.size)


def _near(box: Box, seen: Box, picture: Image.Image) -> Iterable[Candidate]:
    factor = CLOSER / max(box.width, box.height)
    size = max(8, round(seen.width * factor)), max(8, round(seen.height * factor))
    corners = (seen.x, seen.y, seen.x + seen.width, seen.y + seen.height)
    part = picture.resize(size, Resampling.BICUBIC if factor > 1 else Resampling.LANCZOS, corners)
    for found, likelihood in _found(part):
        there = found.scaled(seen.width / size[0], seen.height / size[1])
        yield Candidate(there._replace(x=there.x + seen.x, y=there.y + seen.y), likelihood, Voice.ANIMEFACE_CLOSER)


def _found(picture: Image.Image) -> Iterable[nvxs.ScoredBox]:
    found = nvxs.faces(picture.tobytes(), picture.size)
    return [face for face in found if face.likelihood >= UNLIKELY]
