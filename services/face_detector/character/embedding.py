"""How alike two faces are by a model for characters, such as deepghs' CCIP: a vector for each, and their difference.

A model of that kind takes RGB pictures [n, 3, side, side], normalised as CLIP's, and gives a vector for each. CCIP's
own difference of two pictures is (1 - cosine) / 2 of their vectors, from 0 to 1; its project calls them of one
character up to 0.178 (ccip-caformer-24-randaug-pruned). It was made for whole drawings of one character, and has not
been tried on faces here.
"""

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector.crop import expanded
from services.face_detector.detector import Box
from shared.contract.errors import RunUnusable
from shared.onnx_model import NotAModel, OnnxModel
from shared.recipe.faces import Expansion

SIDE = 384
"""Pixels of the side where the model takes any: that of CCIP."""

_MEAN = np.asarray((0.48145466, 0.4578275, 0.40821073), np.float32)
_DEVIATION = np.asarray((0.26862954, 0.26130258, 0.27577711), np.float32)

MARGINS = Expansion(left=0.5, top=0.7, right=0.5, bottom=0.5)
"""Margins of what the model sees around a face: the hair tells much of a character."""

Vector = NDArray[np.float32]


class Embedder:
    """Makes vectors of faces. May be asked from several threads at once."""

    def __init__(self, model: bytes) -> None:
        try:
            self._model = OnnxModel(model)
        except NotAModel as error:
            raise _unusable(error) from error
        shapes = [port.shape for port in self._model.inputs if port.dtype == "float32"]
        if len(self._model.inputs) != 1 or len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] != 3:
            taken = ", ".join(f"{port.dtype} {list(port.shape)}" for port in self._model.inputs)
            raise _unusable(f"it takes {taken}, and a model such as CCIP one of float32 [n, 3, side, side]")
        self._size = shapes[0][3] or SIDE, shapes[0][2] or SIDE

    def vector(self, picture: Image.Image, face: Box) -> Vector:
        """Return the vector of a face in an RGB picture, of length 1."""
        seen = expanded(face, MARGINS).within(*picture.size)
        corners = (seen.x, seen.y, seen.x + seen.width, seen.y + seen.height)
        small = picture.resize(self._size, Resampling.BILINEAR, corners)
        pixels = (np.asarray(small, np.float32) / 255 - _MEAN) / _DEVIATION
        try:
            (first, *_) = self._model.run({self._model.inputs[0].name: pixels.transpose(2, 0, 1)[None]}).values()
        except NotAModel as error:
            raise _unusable(error) from error
        found = np.asarray(first, np.float32).reshape(-1)
        length = float(np.linalg.norm(found))
        if not np.isfinite(length) or not length:
            raise _unusable("its answer to a picture is no vector of finite numbers")
        return found / np.float32(length)


def difference(found: Vector, references: Sequence[Vector]) -> float:
    """Return the median of CCIP's differences, 0 to 1, between a vector and those of the reference faces."""
    return median(min(1.0, max(0.0, (1 - float(found @ each)) / 2)) for each in references)


def _unusable(why: object) -> RunUnusable:
    return RunUnusable(f"character.embedding.model: {why}")
