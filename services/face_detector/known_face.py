"""The proof that a detector works here: it must find a face of which it is known that it is there.

Detectors can fail without a word: a cascade of something else finds nothing, and so does a library that is called
in another way than it was built for.
"""

from importlib.resources import files
from typing import Any

import numpy as np

from services.face_detector.detector import Box, Detector, Voice, overlap
from shared.contract.errors import MagritteError, Unusable
from shared.pictures import Picture, decode
from shared.recipe.detectors import Animeface, Cascade, LibFaceDetection, Onnx

PLACE = Box(87, 125, 146, 130)
"""The face in `known_face.png`, from temple to temple and from fringe to chin (drawn by demo/known_face.py)."""

LEAST_OVERLAP = 0.3
"""animeface's box is smaller than the face, the cascade's larger; both overlap it by 0.6."""

SURE = {Voice.ANIMEFACE: 0.9, Voice.CASCADE: 6, Voice.LIBFACEDETECTION: 50, Voice.ONNX: 0.1}
"""Score with which each detector must find the face at least."""


Settings = Animeface | Cascade | LibFaceDetection | Onnx


def lenient(settings: Settings) -> Settings:
    """Relax `settings` where they are so strict that a working detector would miss the known face."""
    update: dict[str, Any] = {}
    match settings:
        case Animeface():
            update = {"reduce_to": max(settings.reduce_to, 360)}
        case Cascade():  # windows of all scale factors up to 1.3 find the face, and at least 6 of them agree
            update = {"scale_factor": min(settings.scale_factor, 1.3), "min_size": min(settings.min_size, 48)}
            update["reduce_to"] = None
        case LibFaceDetection():
            update = {"sides": (400,)}
        case Onnx():  # any face that is recorded at all will do, at a size that such models are trained for
            update = {"side": 640}
    return settings.model_copy(update=update)


def prove(detector: Detector, likely_causes: str, failure: type[MagritteError] = Unusable) -> None:
    """Have `detector`, made with `lenient` settings, find the known face; raises `failure` when it does not."""
    picture = decode(files(__package__).joinpath("known_face.png").read_bytes())
    assert isinstance(picture, Picture)
    found = detector.detect(np.asarray(picture.image))
    if not any(overlap(each.box, PLACE) >= LEAST_OVERLAP and each.score >= SURE[each.voice] for each in found):
        raise failure(f"the face detector does not find the face in a plain drawing; {likely_causes}")
