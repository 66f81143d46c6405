"""Mattes by an ONNX model: for each pixel of a picture, how far it belongs to the figure, from 0 to 1.

Models of that kind take an RGB picture as [1, 3, side, side] and give [1, 1, height, width], the first of their
outputs. How they want their input differs; the three kinds here are fed as by the programs that they are used with
(rembg's sessions for IS-Net and U-2-Net, the demonstration of SkyTNT/anime-segmentation). Other than rembg, which
stretches each matte from 0 to 1, values stay as the model gives them, so that a picture without a figure is told.
"""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from PIL.Image import Resampling
from pydantic import BaseModel, ConfigDict

from shared.contract.errors import RunUnusable
from shared.onnx_model import NotAModel, OnnxModel, Port
from shared.recipe.background import Background, Channels, MatteInput

Matte = NDArray[np.float32]

_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

_ROUNDING = 0.01
"""What values may lie beyond 0 and 1, as of models with numbers of 16 bits."""

_DIFFERENCE = 0.01
"""Least difference between the mattes of two pictures that have nothing in common."""


class Feeding(BaseModel):
    """The way in which pictures are made a model's input: from 0 to 1, less `mean`, divided by `deviation`.

    They are scaled to the input's size, `fitted` into its middle with black beside them, or else stretched.
    """

    model_config = ConfigDict(frozen=True)

    side: int
    mean: Channels
    deviation: Channels
    fitted: bool


FEEDINGS = {
    MatteInput.ISNET: Feeding(side=1024, mean=_IMAGENET_MEAN, deviation=(1, 1, 1), fitted=False),
    MatteInput.U2NET: Feeding(side=320, mean=_IMAGENET_MEAN, deviation=_IMAGENET_DEVIATION, fitted=False),
    MatteInput.ANIME_SEG: Feeding(side=1024, mean=(0, 0, 0), deviation=(1, 1, 1), fitted=True),
}


class MatteModel:
    """A model that has proven that it makes mattes. Raises `RunUnusable` for a file that is none.

    May be asked from several threads, and works on one picture at a time with `threads` of its own: one picture of
    1024 px takes two gigabytes (IS-Net, measured).
    """

    def __init__(self, model: bytes, wanted: Background, threads: int = 1) -> None:
        self._lock = threading.Lock()
        try:
            self._model = OnnxModel(model, threads)
            self._input = _input(self._model.inputs)
            self._feeding = feeding(self._input, wanted)
            self._prove()
        except NotAModel as error:
            raise RunUnusable(f"background.model: {error}") from error

    def matte(self, picture: Image.Image) -> Matte:
        """Return the matte of an RGB picture, [height, width], 0 to 1."""
        try:
            return self._matte(picture)
        except NotAModel as error:
            raise RunUnusable(f"background.model: {error}") from error

    def _matte(self, picture: Image.Image) -> Matte:
        sides = self._input.shape[3] or self._feeding.side, self._input.shape[2] or self._feeding.side
        place = _place(picture.size, sides, self._feeding.fitted)
        values = _fed(picture, sides, place, self._feeding).astype(self._input.dtype)
        with self._lock:
            answer = next(iter(self._model.run({self._input.name: values}).values()))
        small = Image.fromarray(_checked(answer))
        scale = small.width / sides[0], small.height / sides[1]
        part = place.left * scale[0], place.top * scale[1], place.right * scale[0], place.bottom * scale[1]
        matte: Matte = np.asarray(small.resize(picture.size, Resampling.BICUBIC, part), np.float32)
        return matte.clip(0, 1)

    def _prove(self) -> None:
        """Raise `NotAModel` unless a disc on a plain ground gives another matte than the ground alone."""
        ground = Image.new("RGB", (64, 64), "#7f9fbf")
        figure = ground.copy()
        ImageDraw.Draw(figure).ellipse((16, 8, 48, 56), fill="#f0d0b0", outline="black", width=2)
        if np.abs(self._matte(ground) - self._matte(figure)).max() < _DIFFERENCE:
            raise NotAModel("it gives the same matte for a drawn disc and for a plain ground, so it sees no figures")


@dataclass(frozen=True)
class _Place:
    left: int
    top: int
    right: int
    bottom: int


def feeding(port: Port, wanted: Background) -> Feeding:
    """Return how a model with this input is fed: as the recipe says, else as its kind is. Raises `NotAModel`."""
    side = port.shape[2] or wanted.side
    kind = _kind(side) if wanted.input is MatteInput.AUTO else FEEDINGS[wanted.input]
    if kind is None:
        if wanted.mean is None or wanted.deviation is None:
            raise NotAModel(
                f"it takes pictures of {side or 'any'} pixels, of which no kind is known: write background.input, or "
                "background.mean and background.deviation, as the model's own page has it, and side if it takes any"
            )
        kind = FEEDINGS[MatteInput.ISNET]
    given = {"side": side, "mean": wanted.mean, "deviation": wanted.deviation}
    return kind.model_copy(update={name: value for name, value in given.items() if value is not None})


def _kind(side: int | None) -> Feeding | None:
    kinds = (FEEDINGS[MatteInput.ISNET], FEEDINGS[MatteInput.U2NET])
    return next((kind for kind in kinds if kind.side == side), None)


def _input(ports: tuple[Port, ...]) -> Port:
    """Return the only input, which must take a picture. Raises `NotAModel`."""
    if len(ports) == 1 and ports[0].dtype in ("float32", "float16") and len(ports[0].shape) == 4:
        batch, channels = ports[0].shape[:2]
        if batch in (1, None) and channels in (3, None):
            return ports[0]
    taken = " and ".join(f"{port.dtype} {[side or 'any' for side in port.shape]}" for port in ports)
    raise NotAModel(f"it takes {taken}; expected is one picture as float32 or float16 [1, 3, height, width]")


def _place(size: tuple[int, int], sides: tuple[int, int], is_fitted: bool) -> _Place:
    """Return where on an input of `sides` (width, height) a picture of some `size` lies."""
    if not is_fitted:
        return _Place(0, 0, *sides)
    factor = min(side / length for side, length in zip(sides, size, strict=True))
    width, height = (max(1, round(length * factor)) for length in size)
    left, top = (sides[0] - width) // 2, (sides[1] - height) // 2
    return _Place(left, top, left + width, top + height)


def _fed(picture: Image.Image, sides: tuple[int, int], place: _Place, way: Feeding) -> NDArray[np.float32]:
    scaled = picture.resize((place.right - place.left, place.bottom - place.top), Resampling.LANCZOS)
    whole = Image.new("RGB", sides)
    whole.paste(scaled, (place.left, place.top))
    mean, deviation = (np.asarray(each, np.float32) for each in (way.mean, way.deviation))
    values = (np.asarray(whole, np.float32) / 255 - mean) / deviation
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def _checked(answer: NDArray[np.generic]) -> Matte:
    """Return a model's answer as [height, width]. Raises `NotAModel` for one that is no matte."""
    if answer.ndim != 4 or answer.shape[:2] != (1, 1) or min(answer.shape) < 1:
        raise NotAModel(f"it gives {list(answer.shape)}, where one matte [1, 1, height, width] is expected")
    values: Matte = answer[0, 0].astype(np.float32)
    if not (values.min() >= -_ROUNDING and values.max() <= 1 + _ROUNDING):
        raise NotAModel(
            f"its values go from {values.min():.3g} to {values.max():.3g}, where a matte has 0 to 1: it may lack its "
            "last step, a sigmoid"
        )
    return values
