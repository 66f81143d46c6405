"""The detector of the PyPI package `animeface`, in child processes since it holds the GIL for a second a picture."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector import nvxs
from services.face_detector.detector import Box, Face
from shared.child_processes import ChildProcesses
from shared.errors import Unusable
from shared.recipe import Animeface


class AnimefaceDetector:
    """Faces that are likely enough, looked for in a reduced picture; its effort grows with the pixels."""

    def __init__(self, children: ChildProcesses, settings: Animeface) -> None:
        self._children = children
        self._settings = settings

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Faces with animeface's likelihood as confidence, in pixels of the picture as it was given."""
        picture = Image.fromarray(rgb)
        small = picture.copy()
        small.thumbnail((self._settings.reduce_to, self._settings.reduce_to), Resampling.LANCZOS)
        try:
            found = self._children.run(nvxs.faces, small.tobytes(), small.size)
        except ImportError as error:
            raise Unusable(f"animeface cannot be imported: {error}; install magritte[face-detector]") from error
        likely = [(box, likelihood) for box, likelihood in found if likelihood >= self._settings.likelihood]
        return [Face(_scaled(box, small.size, picture.size), likelihood) for box, likelihood in likely]


def _scaled(box: tuple[int, int, int, int], small: tuple[int, int], full: tuple[int, int]) -> Box:
    x_scale, y_scale = full[0] / small[0], full[1] / small[1]
    x, y, width, height = box
    scaled = Box(round(x * x_scale), round(y * y_scale), round(width * x_scale), round(height * y_scale))
    return scaled.within(*full)
