"""Finds the faces in a picture and cuts each out."""

import hashlib
import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from services.face_detector.acceptance import Acceptance, accepted
from services.face_detector.by_hand import Cutting, crop_by_hand, cut_by_hand
from services.face_detector.character.checks import CharacterChecks, Judged, SeenPicture, Surroundings
from services.face_detector.character.rules import CharacterRules
from services.face_detector.choice import Detectors, Search, searches
from services.face_detector.crop import Crop, CropRules, Measures, crops
from services.face_detector.declaration import FACE_DETECTOR
from services.face_detector.detections import DETECTIONS
from services.face_detector.detector import Box, Candidate, Detector, Face
from services.face_detector.monochrome import is_monochrome
from services.face_detector.panels import is_comic_page
from services.face_detector.turning import cut
from shared.contract import keys
from shared.contract.environment import FetchingEnvironment
from shared.contract.errors import Interrupted
from shared.contract.message_base import MOST_TAGS
from shared.contract.messages import FaceBoxed, FaceDropped, FaceFound, FacesCounted, ImageDropped, ImageKept, Message
from shared.contract.objects import Objects
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Action, Context, Stage
from shared.models.model_file import Fetching
from shared.pictures import Compression, Limits, Picture, decode, encode_png, flatten
from shared.pictures.jpeg_traces import stored_quality
from shared.pictures.sharpness import sharpness
from shared.recipe.faces import Faces
from shared.recipe.pictures import Monochrome, Pages
from shared.recipe.recipe import Recipe


class Detection(BaseModel):
    """Settings for finding faces and cutting them out.

    `detectors` is the identity of what `searches` make, which themselves may say where a model is to be had. Without
    rules of the character the actions are those of before there were any.
    """

    model_config = ConfigDict(frozen=True)

    detectors: list[dict[str, Any]]
    searches: tuple[Search, ...] = Field(exclude=True)
    acceptance: Acceptance
    crops: CropRules
    monochrome: Monochrome
    pages: Pages = Field(Pages.KEEP, exclude_if=lambda pages: pages is Pages.KEEP)
    limits: Limits
    character: CharacterRules | None = Field(default=None, exclude_if=operator.not_)

    @property
    def finding(self) -> dict[str, Any]:
        """All that it depends on which faces are found, as JSON."""
        return {"detectors": self.detectors, "acceptance": self.acceptance.model_dump(mode="json")}


class FaceDetector(Stage[ImageKept | FaceBoxed, Detection | Cutting]):
    """`ImageKept` in; `FaceFound` or `FaceDropped` per face and `FacesCounted`, or `ImageDropped` out.

    `FaceBoxed`, a box by hand, in; `FaceFound` or `FaceDropped` out.

    Every face found is counted, whether it goes on or not; the tally derives the picture's fate from theirs.
    """

    declaration = FACE_DETECTOR

    def __init__(self) -> None:
        self._detectors = Detectors()
        self._checks = CharacterChecks(Fetching())

    def setup(self, environment: FetchingEnvironment, settings: Detection | Cutting | None) -> None:
        fetching = Fetching(environment.egress, environment.cache)
        self._detectors, self._checks = Detectors(fetching), CharacterChecks(fetching)
        self._detectors.of(settings.searches if isinstance(settings, Detection) else searches(Faces()))
        if isinstance(settings, Detection) and settings.character is not None:
            self._checks.prepare(settings.character)

    def close(self) -> None:
        self._detectors.close()

    def settings(self, recipe: Recipe) -> Detection:
        looked_for = searches(recipe.faces)
        return Detection(
            detectors=self._detectors.identity(looked_for),
            searches=looked_for,
            acceptance=Acceptance.of(recipe.faces),
            crops=CropRules.of(recipe.faces),
            monochrome=recipe.pictures.monochrome,
            pages=recipe.pictures.pages,
            limits=Limits.of(recipe.pictures),
            character=self._checks.rules(recipe),
        )

    def narrowed(self, settings: Detection | Cutting, message: ImageKept | FaceBoxed) -> Detection | Cutting:
        return Cutting(limits=settings.limits) if isinstance(message, FaceBoxed) else settings

    def inputs(self, message: ImageKept | FaceBoxed, settings: Detection | Cutting) -> Mapping[str, Any]:
        by_hand = message.model_dump(include={"box", "angle"})
        return {"image": message.image, **by_hand}

    def search(self, image: str, settings: Detection) -> Action:
        """Return the action of finding the faces in a picture, whatever is made of them."""
        return Action(self.name, self.declaration.version, {"detectors": settings.detectors}, {"image": image})

    def detector(self, settings: Detection, store: Objects | None) -> Detector:
        """Return the detector of these settings, which has proven that it works; `store` is where its model may lie."""
        return self._detectors.of(settings.searches, store)

    def process(
        self, message: ImageKept | FaceBoxed, settings: Detection | Cutting, context: Context
    ) -> Iterator[Message]:
        picture = decode(context.store.get(keys.original(message.image)), settings.limits)
        if isinstance(message, FaceBoxed):
            yield self._by_hand(message, picture, context)
        elif isinstance(picture, Drop):
            yield ImageDropped.of(message, self.name, picture, image=message.image)
        else:
            assert isinstance(settings, Detection)
            yield from self._searched(message, picture, settings, context)

    def _by_hand(self, message: FaceBoxed, picture: Picture | Drop, context: Context) -> Message:
        if isinstance(picture, Drop):
            return FaceDropped.of(message, self.name, picture)
        crop = crop_by_hand(message, picture.image.size)
        if isinstance(crop, Drop):
            return FaceDropped.of(message, self.name, crop)
        return _found(message, message.face, crop, _stored(picture, cut_by_hand(picture.image, crop), context))

    def _searched(
        self, message: ImageKept, picture: Picture, settings: Detection, context: Context
    ) -> Iterator[Message]:
        found, faces = self._crops(picture.image, message, settings, context)
        if isinstance(found.cut, Drop):
            yield ImageDropped.of(message, self.name, found.cut, image=message.image)
            return
        seen = sorted(faces, key=lambda face: face.box)  # as crops are numbered
        yield from self._face_messages(message, context, picture, list(zip(seen, found.cut, strict=True)))
        about = {"run": message.run, "entry": message.entry, "image": message.image}
        yield FacesCounted.model_validate({**about, "faces": len(found.cut), "tags": found.tags[:MOST_TAGS]})

    def _crops(
        self, image: Image.Image, message: ImageKept, settings: Detection, context: Context
    ) -> tuple[Judged, Sequence[Face]]:
        """Return what is cut out of a picture, and the faces that were found in it."""
        flat = flatten(image)

        def find(flat: Image.Image, image: str) -> list[Face]:
            def detect() -> list[Candidate]:
                if context.stopping():
                    raise Interrupted(f"before faces were looked for in {message.item}")
                return self.detector(settings, context.store).detect(np.asarray(flat), context.given_up)

            found = context.memo(self.search(image, settings), detect, DETECTIONS)
            return accepted(found, settings.acceptance)

        faces = find(flat, message.image)
        cut = left_out(flat, settings) or crops(faces, flat.size, settings.crops, measures_of(flat))
        surroundings = Surroundings(find, context.memo, context.store, settings.finding)
        return self.judged(SeenPicture(message.image, flat, faces), cut, settings, surroundings), faces

    def judged(
        self, picture: SeenPicture, cut: list[Crop | Drop] | Drop, settings: Detection, surroundings: Surroundings
    ) -> Judged:
        """Return what is cut out of a picture, with a `Drop` for each face that is not the character's."""
        if settings.character is None or isinstance(cut, Drop):
            return Judged(cut)
        return self._checks.judged(picture, cut, settings.character, surroundings)

    def _face_messages(
        self, message: ImageKept, context: Context, picture: Picture, found: Sequence[tuple[Face, Crop | Drop]]
    ) -> Iterator[Message]:
        for face, (seen, crop) in enumerate(found):
            if isinstance(crop, Drop):
                yield FaceDropped.of(message, self.name, crop, face=face)
            else:
                stored = _stored(picture, cut(picture.image, crop.box, crop.angle), context)
                about = {"confidence": round(seen.score, 4), "detectors": seen.voices}
                yield _found(message, face, crop, stored).model_copy(update=about)


STAGES = (FaceDetector,)


def left_out(flat: Image.Image, settings: Detection) -> Drop | None:
    """Return why a picture's faces are not taken, whatever they are; None where nothing speaks against it."""
    if settings.monochrome is Monochrome.DROP and is_monochrome(flat):
        return Drop(Reason.MONOCHROME, "it is black and white or of a single tint")
    if settings.pages is Pages.DROP and is_comic_page(flat):
        return Drop(Reason.COMIC_PAGE, "gutters part it into panels, as a page of a comic")
    return None


def measures_of(flat: Image.Image) -> Measures:
    """Return what can be measured of the parts of an RGB picture; of what lies beyond its edge nothing is."""

    def quality(box: Box) -> int:
        inside = box.within(*flat.size)
        return stored_quality(_levels(flat, inside), inside.x, inside.y)

    return Measures(lambda box: sharpness(_levels(flat, box.within(*flat.size))), quality)


def _levels(flat: Image.Image, box: Box) -> NDArray[np.float32]:
    part = flat.crop((box.x, box.y, box.x + box.width, box.y + box.height))
    return np.asarray(part.convert("L"), np.float32)


def _found(message: ImageKept | FaceBoxed, face: int, crop: Crop, stored: tuple[str, bool]) -> FaceFound:
    """Return the message that a face is cut out, given what `_stored` returns."""
    return FaceFound(
        run=message.run,
        entry=message.entry,
        image=message.image,
        face=face,
        crop=stored[0],
        box=crop.box,
        angle=crop.angle,
        side=max(crop.box.width, crop.box.height),
        fresh=stored[1],
    )


def _stored(picture: Picture, cut_out: Image.Image, context: Context) -> tuple[str, bool]:
    """Store what was cut out of a picture, with its transparency and colour profile.

    Return its digest, and whether it was not in the store before.
    """
    data = encode_png(cut_out, picture.profile, Compression.FAST)
    digest = hashlib.sha256(data).hexdigest()
    return digest, context.store.put_new(keys.crop(digest), data)
