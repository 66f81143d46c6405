"""Finds the faces in a picture and cuts each out."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import numpy as np
from PIL import Image

from services.face_detector import detections
from services.face_detector.choice import Detectors
from services.face_detector.crop import crops
from services.face_detector.detector import Box, Face
from services.face_detector.monochrome import is_monochrome
from shared.contract import keys
from shared.contract.errors import Interrupted
from shared.contract.messages import FaceDropped, FaceFound, FacesCounted, ImageDropped, ImageKept, Message
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Action, Context, Stage
from shared.pictures import Compression, Limits, Picture, decode, encode_png, flatten
from shared.recipe.faces import Faces
from shared.recipe.pictures import Monochrome
from shared.recipe.recipe import Recipe


class FaceDetector(Stage[ImageKept]):
    """`ImageKept` in; `FaceFound` or `FaceDropped` per face and `FacesCounted`, or `ImageDropped` out.

    Every face found is counted, whether it goes on or not; the tally derives the picture's fate from theirs.
    """

    name = "face-detector"
    version = 1

    def __init__(self) -> None:
        self._detectors = Detectors()

    def setup(self, recipe: Recipe | None) -> None:
        self._detectors.of(Faces() if recipe is None else recipe.faces)

    def action(self, message: ImageKept, context: Context) -> Action:
        recipe = context.recipe
        settings = {
            "detector": self._detectors.identity(recipe.faces, context.store),
            "crops": recipe.faces.model_dump(mode="json", exclude={"detector", "animeface", "cascade"}),
            "monochrome": recipe.pictures.monochrome.value,
            "limits": asdict(Limits.of(recipe.pictures)),
        }
        return Action(self.name, self.version, settings, {"image": message.image})

    def process(self, message: ImageKept, context: Context) -> Iterator[Message]:
        picture = decode(context.store.get(keys.original(message.image)), Limits.of(context.recipe.pictures))
        if isinstance(picture, Drop):
            yield ImageDropped.of(message, self.name, picture)
            return
        found = self._crops(picture.image, message, context)
        if isinstance(found, Drop):
            yield ImageDropped.of(message, self.name, found)
            return
        yield from self._told(message, context, picture, found)
        yield FacesCounted(run=message.run, entry=message.entry, image=message.image, faces=len(found))

    def _crops(self, image: Image.Image, message: ImageKept, context: Context) -> list[Box | Drop] | Drop:
        flat = flatten(image)
        if context.recipe.pictures.monochrome is Monochrome.DROP and is_monochrome(flat):
            return Drop(Reason.MONOCHROME, "it is black and white or of a single tint")
        return crops(self._faces(flat, message, context), image.size, context.recipe.faces)

    def _faces(self, flat: Image.Image, message: ImageKept, context: Context) -> Sequence[Face]:
        settings = {"detector": self._detectors.identity(context.recipe.faces, context.store)}
        search = Action(self.name, self.version, settings, {"image": message.image})
        faces = detections.recalled(context.store, search)
        if faces is None:
            if context.stopping():
                raise Interrupted(f"before faces were looked for in {message.item}")
            faces = self._detectors.of(context.recipe.faces, context.store).detect(np.asarray(flat))
            detections.keep(context.store, search, faces)
        return faces

    def _told(
        self, message: ImageKept, context: Context, picture: Picture, found: Sequence[Box | Drop]
    ) -> Iterator[Message]:
        for face, crop in enumerate(found):
            if isinstance(crop, Drop):
                yield FaceDropped.of(message, self.name, crop, face=face)
            else:
                yield FaceFound(
                    run=message.run,
                    entry=message.entry,
                    image=message.image,
                    face=face,
                    crop=_stored(picture, crop, context),
                    box=crop,
                    side=max(crop.width, crop.height),
                )


STAGE = FaceDetector


def _stored(picture: Picture, crop: Box, context: Context) -> str:
    """Cut `crop` out, store it with the picture's transparency and colour profile, and return its digest."""
    corners = (crop.x, crop.y, crop.x + crop.width, crop.y + crop.height)
    data = encode_png(picture.image.crop(corners), picture.profile, Compression.FAST)
    digest = hashlib.sha256(data).hexdigest()
    context.store.put_new(keys.crop(digest), data)
    return digest
