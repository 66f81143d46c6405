"""Faces by an ONNX model of the kind YOLO that a recipe names."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from services.face_detector.detector import Candidate, Voice, never
from services.face_detector.yolo import Floats, Letterbox, reading
from shared.contract.errors import RunUnusable
from shared.onnx_model import NotAModel, OnnxModel, Port
from shared.recipe.detectors import Onnx

UNSURE = 0.1
"""Confidence below which nothing is recorded: such models give thousands of boxes a picture, nearly all of them 0."""

SAME = 0.5
"""Intersection over union from which of two boxes the surer one alone is recorded."""


class OnnxDetector:
    """Faces in a picture that is fitted into a model's input; how its output is to be read, a grey picture tells."""

    def __init__(self, model: bytes, settings: Onnx) -> None:
        try:
            self._model = OnnxModel(model)
            self._input = _input(self._model.inputs)
            height, width = (side or settings.side for side in self._input.shape[2:])
            self._sides = width, height
            grey = self._run(Letterbox((1, 1), self._sides).picture(np.full((1, 1, 3), 128, np.uint8)))
            self._reading = reading(grey, self._model.metadata, settings.classes)
        except NotAModel as error:
            raise RunUnusable(f"faces.onnx.model: {error}") from error

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        """Find faces, with the model's confidence (0 to 1) as score, in pixels of the picture as it was given."""
        placed = Letterbox((rgb.shape[1], rgb.shape[0]), self._sides)
        try:
            boxes, scores = self._reading.boxes(self._run(placed.picture(rgb)))
        except NotAModel as error:
            raise RunUnusable(f"faces.onnx.model: {error}") from error
        sure = scores >= UNSURE
        boxes, scores = boxes[sure], scores[sure]
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), UNSURE, SAME)
        found = (Candidate(placed.box(boxes[each]), float(scores[each]), Voice.ONNX) for each in np.ravel(kept))
        return [each for each in found if each.box.area]

    def _run(self, picture: NDArray[np.uint8]) -> Floats:
        """Return the output of three dimensions; others, as of the masks of a segmentation, are left."""
        values = picture.transpose(2, 0, 1)[None].astype(np.float32) / 255
        outputs = self._model.run({self._input.name: values.astype(self._input.dtype)})
        found = [output for output in outputs.values() if output.ndim == 3 and len(output) == 1]
        if len(found) != 1:
            shapes = ", ".join(str(list(output.shape)) for output in outputs.values())
            raise NotAModel(f"it gives {shapes}, where one output of three dimensions for one picture is expected")
        return found[0].astype(np.float32)


def _input(ports: tuple[Port, ...]) -> Port:
    """Return the only input, which must take a picture. Raises `NotAModel`."""
    taken = " and ".join(f"{port.name}: {port.dtype} {[side or 'any' for side in port.shape]}" for port in ports)
    if len(ports) == 1 and ports[0].dtype in ("float32", "float16") and len(ports[0].shape) == 4:
        batch, channels = ports[0].shape[:2]
        if batch in (1, None) and channels in (3, None):
            return ports[0]
    raise NotAModel(f"it takes {taken}; expected is one picture as float32 or float16 [1, 3, height, width]")
