"""OpenCV's cascade classifier, with a model that was trained on drawn faces."""

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from services.face_detector.detector import Box, Candidate, Voice, never
from shared.contract.errors import RunUnusable, Unusable
from shared.recipe.detectors import Cascade

OPENCV_THREADS = 1
"""The runtime keeps all cores busy with pictures. Splitting one picture over them as well takes a tenth more CPU time
in all (measured on 2 cores: 0.21 s a picture with one thread of OpenCV's, 0.22 to 0.24 s with its default)."""
cv2.setNumThreads(OPENCV_THREADS)


LEAST_NEIGHBORS = 1
"""minNeighbors of what is recorded. Groups of more windows are the same for every minNeighbors below their number."""


class CascadeDetector:
    """`detectMultiScale` on the equalized grey picture, which is reduced only if the settings say so."""

    def __init__(self, model: bytes, settings: Cascade) -> None:
        self._model = model
        self._settings = settings
        self._of_thread = threading.local()
        self._classifier()

    def detect(self, rgb: NDArray[np.uint8], given_up: Callable[[], bool] = never) -> list[Candidate]:
        """Find faces, with the number of windows that agree as score."""
        picture = self._reduced(rgb)
        factors = rgb.shape[1] / picture.shape[1], rgb.shape[0] / picture.shape[0]
        boxes, windows = self._classifier().detectMultiScale2(
            cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)),
            scaleFactor=self._settings.scale_factor,
            minNeighbors=LEAST_NEIGHBORS,
            minSize=(self._settings.min_size, self._settings.min_size),
        )
        return [
            Candidate(Box(*map(int, box)).scaled(*factors), float(agreeing), Voice.CASCADE)
            for box, agreeing in zip(boxes, np.ravel(windows), strict=True)
        ]

    def _reduced(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        side = self._settings.reduce_to
        if side is None or max(rgb.shape[:2]) <= side:
            return rgb
        small = Image.fromarray(rgb)
        small.thumbnail((side, side), Resampling.LANCZOS)
        return np.asarray(small)

    def _classifier(self) -> "cv2.CascadeClassifier":
        """Return this thread's own classifier: OpenCV's classifiers hold the picture that they work on."""
        classifier: cv2.CascadeClassifier | None = getattr(self._of_thread, "classifier", None)
        if classifier is None:
            classifier = self._of_thread.classifier = _loaded(self._model)
        return classifier


def _loaded(model: bytes) -> "cv2.CascadeClassifier":
    if not hasattr(cv2, "CascadeClassifier"):
        raise Unusable(f"OpenCV {cv2.__version__} has no CascadeClassifier: opencv-python-headless must be below 5")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cascade.xml"
        path.write_bytes(model)
        try:
            classifier = cv2.CascadeClassifier(os.fspath(path))
            usable = not classifier.empty()
        except (cv2.error, SystemError):
            usable = False
    if not usable:
        raise RunUnusable("the cascade's model file is not an OpenCV cascade (of the LBP or Haar kind, in XML)")
    return classifier
