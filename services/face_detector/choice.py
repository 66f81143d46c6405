"""Makes the detector that a recipe asks for, once per process, and proves that it works before it is used."""

import hashlib
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import cv2

from services.face_detector.animeface_detector import AnimefaceDetector
from services.face_detector.cascade import CascadeDetector
from services.face_detector.detector import Detector
from services.face_detector.known_face import lenient, prove
from services.face_detector.model_file import Fetching, read_model
from shared.contract.errors import RunUnusable, Unusable
from shared.contract.stage import Objects
from shared.recipe import files
from shared.recipe.faces import Animeface, Cascade, Faces
from shared.recipe.faces import DetectorKind as Kind


class Detectors:
    """All detectors in use, by settings. May be asked from several threads at once."""

    def __init__(self, fetching: Fetching | None = None) -> None:
        self._fetching = fetching or Fetching()
        self._lock = threading.Lock()
        self._made: dict[Animeface | Cascade, Detector] = {}
        self._models: dict[tuple[str, str], bytes] = {}

    def of(self, settings: Animeface | Cascade, store: Objects | None = None) -> Detector:
        """Return the detector with these settings, once it has found the known face.

        Raises `Unusable` when animeface does not, and `RunUnusable` when the cascade that the recipe names does not.

        `store` is where a submitted recipe's model lies.
        """
        with self._lock:
            if settings not in self._made:
                failure = Unusable if isinstance(settings, Animeface) else RunUnusable
                prove(self._make(lenient(settings), store), _likely_causes(settings), failure)
                self._made[settings] = self._make(settings, store)
            return self._made[settings]

    def identity(self, settings: Animeface | Cascade) -> dict[str, Any]:
        """Return everything beside the picture that a detector's results depend on, fit for JSON.

        A model is known by its digest. It is read only if the recipe names a file without saying which digest it has,
        as a recipe does that was not submitted.
        """
        described = settings.model_dump(mode="json", exclude={"sha256"})
        if isinstance(settings, Animeface):
            return {"detector": Kind.ANIMEFACE.value, **described, "library": _animeface_version()}
        stored = settings.model.startswith("sha256:")
        digest = files.digest(settings.model) if stored else settings.sha256 or self._digest(settings)
        return {"detector": Kind.CASCADE.value, **described, "model": digest, "library": cv2.__version__}

    def _digest(self, settings: Cascade) -> str:
        with self._lock:
            return hashlib.sha256(self._model(settings, None)).hexdigest()

    def _make(self, settings: Animeface | Cascade, store: Objects | None) -> Detector:
        if isinstance(settings, Animeface):
            return AnimefaceDetector(settings)
        return CascadeDetector(self._model(settings, store), settings)

    def _model(self, settings: Cascade, store: Objects | None) -> bytes:
        named = settings.model, settings.sha256
        if named not in self._models:
            self._models[named] = read_model(settings, self._fetching, store)
        return self._models[named]


def chosen(faces: Faces) -> Animeface | Cascade:
    """Return the settings of the detector that a recipe chooses."""
    return faces.animeface if faces.detector is Kind.ANIMEFACE else faces.cascade


def _animeface_version() -> str:
    try:
        return version("animeface")
    except PackageNotFoundError as error:
        raise Unusable("animeface is not installed: install magritte[face-detector]") from error


def _likely_causes(settings: Animeface | Cascade) -> str:
    if isinstance(settings, Animeface):
        return f"animeface {_animeface_version()} may not be the one that this version of Magritte calls, 2.0.3"
    return f"{settings.model} may have been trained on something else (this is OpenCV {cv2.__version__})"
