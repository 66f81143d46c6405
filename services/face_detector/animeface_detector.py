"""The detector of the PyPI package `animeface`, by way of its C library."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector import nvxs
from services.face_detector.detector import Box, DetectedFace
from shared.recipe.faces import Animeface


class AnimefaceDetector:
    """Faces that are likely enough, looked for in a reduced picture; its effort grows with the pixels."""

    def __init__(self, settings: Animeface) -> None:
        self._settings = settings

    def detect(self, rgb: NDArray[np.uint8]) -> list[DetectedFace]:
        """Find faces, with animeface's likelihood as confidence, in pixels of the picture as it was given."""
        picture = Image.fromarray(rgb)
        small = picture.copy()
        small.thumbnail((self._settings.reduce_to, self._settings.reduce_to), Resampling.LANCZOS)
        found = nvxs.faces(small.tobytes(), small.size)
        likely = [face for face in found if face.likelihood >= self._settings.likelihood]
        return [DetectedFace(_scaled(face.box, small.size, picture.size), face.likelihood) for face in likely]


def _scaled(box: Box, small: tuple[int, int], full: tuple[int, int]) -> Box:
    x_scale, y_scale = full[0] / small[0], full[1] / small[1]
    x, y, width, height = box
    scaled = Box(round(x * x_scale), round(y * y_scale), round(width * x_scale), round(height * y_scale))
    return scaled.within(*full)
