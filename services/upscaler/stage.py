"""Enlarges the crops that are smaller than the data set's pictures."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from services.upscaler.declaration import UPSCALER
from services.upscaler.enlargement import factor
from services.upscaler.enlarger import Enlarger
from services.upscaler.noise import LEVELS, NONE, noise_level
from services.upscaler.super_resolution import installed_versions, not_installed
from shared.contract import keys
from shared.contract.errors import Interrupted, Unusable
from shared.contract.messages import FaceDropped, FaceFound, FaceUpscaled, Message
from shared.contract.reasons import Drop
from shared.contract.stage import Context, Stage
from shared.pictures import OUR_OWN_LIMITS, Compression, Limits, decode, encode_png, inspect
from shared.recipe.recipe import Recipe
from shared.recipe.upscaling import Noise, Upscaling, UpscalingModel

_OF_ANY_SIZE = Limits(max_bytes=10**12, max_pixels=10**12, min_side=1, max_elongation=10**9)
"""Limits for a look at an original's header: the picture has been within those of its recipe."""


class Model(BaseModel):
    """Identity of a model; `library` are the versions of what has to be installed for it, None where it is not."""

    model_config = ConfigDict(frozen=True)

    library: str | None
    name: UpscalingModel
    noise: Noise

    @classmethod
    def of(cls, upscaling: Upscaling) -> "Model":
        """Return the model that a recipe names."""
        return cls(library=installed_versions(upscaling.model), name=upscaling.model, noise=upscaling.noise)


class Enlargement(BaseModel):
    """Settings of an enlargement: the factor, a power of two, and the model.

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
        self._enlarger = Enlarger(device)

    def setup(self, environment: None, settings: Enlargement | None) -> None:
        if settings is None:
            self._prove(filter(_is_installed, (Model.of(Upscaling(model=name)) for name in UpscalingModel)))
            self._enlarger.close()  # its children take memory, and perhaps no crop ever needs one
        elif settings.size is not None:
            self._prove([settings.model])

    def _prove(self, models: Iterable[Model]) -> None:
        for model in models:
            if not _is_installed(model):
                raise Unusable(not_installed(model.name))
            for noise in LEVELS if model.noise == "auto" else (model.noise,):
                self._enlarger.prove(model.name, noise)

    def close(self) -> None:
        self._enlarger.close()

    def settings(self, recipe: Recipe) -> Enlargement:
        size = recipe.normalized.size if recipe.upscaling.enabled else None
        return Enlargement(model=Model.of(recipe.upscaling), size=size)

    def narrowed(self, settings: Enlargement, message: FaceFound) -> Enlargement:
        """Replace the size by the factor for this crop. Raises `Unusable` if it cannot be enlarged here."""
        times = factor(message.side, settings.size or 0)
        if times > 1 and not _is_installed(settings.model):
            raise Unusable(not_installed(settings.model.name))
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
        """Enlarge the crop and store it, or return a `Drop` if it, or the original's header, cannot be read.

        Return the enlarged crop's digest, and whether it was not in the store before.
        """
        picture = decode(context.store.get(keys.crop(message.crop)), OUR_OWN_LIMITS)
        if isinstance(picture, Drop):
            return picture
        noise = _noise(message, settings.model, context)
        if isinstance(noise, Drop):
            return noise
        image = self._doubled(picture.image, settings, noise, context)
        data = encode_png(image, picture.profile, Compression.FAST)
        digest = hashlib.sha256(data).hexdigest()
        return digest, context.store.put_new(keys.crop(digest), data)

    def _doubled(self, image: Image.Image, settings: Enlargement, noise: int, context: Context) -> Image.Image:
        """Double `image` until it is as large as it shall be.

        Noise is reduced the first time only: after that there is none left, and reducing it again would take strokes
        away. Raises `Interrupted` between two doublings when the stage is stopping.
        """
        width = image.width * settings.factor
        while image.width < width:
            if context.stopping():
                raise Interrupted("between two doublings of a crop")
            image = self._enlarger.double(image, settings.model.name, noise, context.given_up)
            noise = NONE
        return image


STAGES = (Upscaler,)


def _is_installed(model: Model) -> bool:
    return model.library is not None


def _noise(message: FaceFound, model: Model, context: Context) -> int | Drop:
    """Return the strength of noise reduction: the recipe's, or the one that the original asks for."""
    if model.noise != "auto":
        return model.noise
    original = inspect(context.store.get(keys.original(message.image)), _OF_ANY_SIZE)
    return original if isinstance(original, Drop) else noise_level(original)
