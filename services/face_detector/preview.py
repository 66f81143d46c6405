"""Finds faces for whoever tries recipes out: all that the stage would see and make of a picture, by each recipe."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from PIL import Image

from services.face_detector.acceptance import accepted
from services.face_detector.character.checks import SeenPicture, Surroundings
from services.face_detector.crop import Crop, crops
from services.face_detector.detections import DETECTIONS
from services.face_detector.detector import Candidate, Face
from services.face_detector.stage import Detection, FaceDetector, left_out, measures_of
from shared.contract.environment import FetchingEnvironment
from shared.contract.found_faces import CutFace, FoundFaces, Looked, Sighting
from shared.contract.memory import Action, Codec, keep, recall
from shared.contract.objects import Objects
from shared.contract.reasons import Drop
from shared.contract.stage import Context
from shared.pictures import ANY_SHAPE, decode, flatten
from shared.recipe.recipe import Recipe

T = TypeVar("T")


class PreviewFinder:
    """`shared.contract.found_faces.FaceFinder` by the detectors of the stage; their models come from files."""

    def __init__(self, recipes: Sequence[Recipe], environment: FetchingEnvironment) -> None:
        self._stage = FaceDetector()
        self._stage.setup(environment, self._stage.settings(recipes[0]))
        self._settings = [self._stage.settings(recipe) for recipe in recipes]

    def find(self, read: Callable[[], bytes], image: str = "", store: Objects | None = None) -> Looked | Drop:
        """Return what each recipe finds in a picture; those that search alike search it once."""
        picture = decode(read(), ANY_SHAPE)
        if isinstance(picture, Drop):
            return picture
        flat, known, searches = flatten(picture.image), dict[str, list[Candidate]](), 0
        for settings in self._settings:
            action = self._stage.search(image, settings)
            recorded = None if store is None else recall(store, action, DETECTIONS)
            if action.digest not in known and recorded is None:
                recorded, searches = self._searched(flat, settings, action, store), searches + 1
            if recorded is not None:
                known[action.digest] = recorded
        found = [
            self._found(flat, image, known[self._stage.search(image, each).digest], each, store)
            for each in self._settings
        ]
        return Looked(tuple(found), searches)

    def close(self) -> None:
        """End the detectors' child processes."""
        self._stage.close()

    def _searched(
        self, flat: Image.Image, settings: Detection, action: Action, store: Objects | None
    ) -> list[Candidate]:
        candidates = self._stage.detector(settings, store).detect(np.asarray(flat))
        if store is not None:
            keep(store, action, candidates, DETECTIONS)
        return candidates

    def _found(
        self, flat: Image.Image, image: str, candidates: list[Candidate], settings: Detection, store: Objects | None
    ) -> FoundFaces:
        faces = sorted(accepted(candidates, settings.acceptance), key=lambda face: face.box)
        cut = crops(faces, flat.size, settings.crops, measures_of(flat))
        surroundings = self._surroundings(settings, store)
        judged = self._stage.judged(SeenPicture(image, flat, faces), cut, settings, surroundings)
        return _as_found(flat, candidates, faces, judged.cut, left_out(flat, settings))

    def _surroundings(self, settings: Detection, store: Objects | None) -> Surroundings:
        def find(flat: Image.Image, image: str) -> list[Face]:
            action = self._stage.search(image, settings)
            return accepted(self._searched(flat, settings, action, store), settings.acceptance)

        return Surroundings(find, computed if store is None else Context(store).memo, store, settings.finding)


def computed(action: Action, compute: Callable[[], T], codec: Codec[T]) -> T:
    """Return the value of an action where there is no store that could remember it."""
    return compute()


def _as_found(
    flat: Image.Image,
    candidates: Sequence[Candidate],
    faces: Sequence[Face],
    cut: list[Crop | Drop] | Drop,
    picture_drop: Drop | None,
) -> FoundFaces:
    each = [None] * len(faces) if isinstance(cut, Drop) else cut
    return FoundFaces(
        size=flat.size,
        sightings=[Sighting(seen.box, seen.score, seen.voice.value) for seen in candidates],
        faces=[_cut_face(face, crop) for face, crop in zip(faces, each, strict=True)],
        drop=picture_drop or (cut if isinstance(cut, Drop) else None),
    )


def _cut_face(face: Face, crop: Crop | Drop | None) -> CutFace:
    if isinstance(crop, Crop):
        return CutFace(face.box, face.score, crop.box, angle=crop.angle)
    return CutFace(face.box, face.score, None, crop)
