"""The proof that a detector works here: it must find a face of which it is known that it is there.

Both detectors can fail without a word: a cascade of something else finds nothing, and so does a library that is called
in another way than it was built for.
"""

from importlib.resources import files

import numpy as np

from services.face_detector.detector import Box, Detector, overlap
from shared.contract.errors import MagritteError, Unusable
from shared.pictures import Picture, decode
from shared.recipe.faces import Animeface, Cascade

PLACE = Box(87, 125, 146, 130)
"""The face in `known_face.png`, from temple to temple and from fringe to chin (drawn by demo/known_face.py)."""

LEAST_OVERLAP = 0.3
"""animeface's box is smaller than the face, the cascade's larger; both overlap it by 0.6."""


def lenient(settings: Animeface | Cascade) -> Animeface | Cascade:
    """Relax `settings` where they are so strict that a working detector would miss the known face."""
    if isinstance(settings, Animeface):
        return settings.model_copy(
            update={"likelihood": min(settings.likelihood, 0.9), "reduce_to": max(settings.reduce_to, 360)}
        )
    # Windows of all scale factors up to 1.3 find the face, and at least 6 of them agree.
    update = {
        "scale_factor": min(settings.scale_factor, 1.3),
        "min_neighbors": min(settings.min_neighbors, 5),
        "min_size": min(settings.min_size, 48),
    }
    return settings.model_copy(update=update)


def prove(detector: Detector, likely_causes: str, failure: type[MagritteError] = Unusable) -> None:
    """Have `detector`, made with `lenient` settings, find the known face; raises `failure` when it does not."""
    picture = decode(files(__package__).joinpath("known_face.png").read_bytes())
    assert isinstance(picture, Picture)
    found = detector.detect(np.asarray(picture.image))
    if not any(overlap(face.box, PLACE) >= LEAST_OVERLAP for face in found):
        raise failure(f"the face detector does not find the face in a plain drawing; {likely_causes}")
