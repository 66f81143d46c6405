"""The detector of the PyPI package `animeface`, by way of its C library."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector import nvxs
from services.face_detector.detector import Box, Candidate, Voice, never, overlap
from services.face_detector.turning import cut_turned
from shared.recipe.detectors import Animeface

UNLIKELY = 0.1
"""Likelihood below which nothing is recorded: of a picture that would be hundreds of boxes."""

CLOSER = 90
"""Pixels of a face when it is looked at more closely: twice animeface's smallest window. With 64 pixels instead a
vote finds 5 of 150 faces fewer, with both sizes 1 more for twice the time (measured on drawings of many artists)."""

SIZES = (60, 75, 90)
"""Pixels of a face at which its tilt is measured: one alone may be off by ten degrees, and five are hardly better."""

LIKELY = 0.3
"""Likelihood from which the eyes of a face are taken for eyes."""

AT_ITS_PLACE = 0.3
"""Intersection over union with the face from which those eyes are its own and not a neighbour's."""

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
            Candidate(face.box.scaled(*factors).within(*picture.size), face.likelihood, Voice.ANIMEFACE)
            for face in _found(small)
        ]


def look_closer(rgb: NDArray[np.uint8], boxes: Iterable[Box]) -> list[Candidate]:
    """Find faces near `boxes` of a picture, each at a size that animeface sees best."""
    picture = Image.fromarray(rgb)
    return [found for box in boxes if (seen := _surroundings(box, picture)).area for found in _near(box, seen, picture)]


def tilts(picture: Image.Image, box: Box, angle: float) -> list[float]:
    """Measure how far a face is tilted beyond `angle`, at each of `SIZES` at which animeface sees a face at its place.

    Angles are clockwise, in degrees.
    """
    side = round(max(box.width, box.height) * SURROUNDINGS)
    left, top = box.x + (box.width - side) // 2, box.y + (box.height - side) // 2
    upright = cut_turned(picture, Box(left, top, side, side), angle)
    found = []
    for size in SIZES:
        window = round(size * SURROUNDINGS)
        place = Box((window - size) // 2, (window - size) // 2, size, size)
        seen = _found(upright.resize((window, window), _resampling(window / side), reducing_gap=2.0))
        likely = [face for face in seen if face.likelihood >= LIKELY and overlap(face.box, place) >= AT_ITS_PLACE]
        if likely:
            found.append(max(likely, key=lambda face: face.likelihood).tilt)
    return found


def _resampling(factor: float) -> Resampling:
    return Resampling.BICUBIC if factor > 1 else Resampling.LANCZOS


def _surroundings(box: Box, picture: Image.Image) -> Box:
    side = round(max(box.width, box.height) * SURROUNDINGS)
    left, top = box.x + (box.width - side) // 2, box.y + (box.height - side) // 2
    return Box(left, top, side, side).within(*picture.size)


def _near(box: Box, seen: Box, picture: Image.Image) -> Iterable[Candidate]:
    factor = CLOSER / max(box.width, box.height)
    size = max(8, round(seen.width * factor)), max(8, round(seen.height * factor))
    corners = (seen.x, seen.y, seen.x + seen.width, seen.y + seen.height)
    part = picture.resize(size, _resampling(factor), corners)
    for face in _found(part):
        there = face.box.scaled(seen.width / size[0], seen.height / size[1])
        box_there = there._replace(x=there.x + seen.x, y=there.y + seen.y)
        yield Candidate(box_there, face.likelihood, Voice.ANIMEFACE_CLOSER)


def _found(picture: Image.Image) -> Iterable[nvxs.ScoredBox]:
    found = nvxs.faces(picture.tobytes(), picture.size)
    return [face for face in found if face.likelihood >= UNLIKELY]
