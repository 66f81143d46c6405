"""Tags of a picture by a tagger: an ONNX model and the list of tags that its outputs stand for, in their order.

Two kinds are known. WD taggers (SmilingWolf's) take BGR values 0 to 255 of a picture padded with white to a square, and
have a list in CSV whose column `category` says which tags are ratings (9). DeepDanbooru takes RGB values 0 to 1 of a
picture padded with its own edge, and has a tag on each line. Both take [n, side, side, 3].
"""

import csv
import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from shared.contract.errors import RunUnusable
from shared.onnx_model import NotAModel, OnnxModel
from shared.recipe.character import TaggerInput

WD_SIDE, DEEPDANBOORU_SIDE = 448, 512
"""Pixels by which the two kinds are told apart where the recipe does not say which one it is."""

RECORDED = 0.05
"""Confidence below which a tag is not recorded."""

_RATING = "9"
_CHANNELS = 3


def read_tags(data: bytes) -> tuple[str, ...]:
    """Return the tags of a list, in order; a rating as an empty text. Raises `RunUnusable` where it has none."""
    lines = data.decode("utf-8-sig", errors="replace").splitlines()
    if lines and "name" in lines[0].split(","):
        rows = csv.DictReader(io.StringIO("\n".join(lines)))
        tags = tuple("" if row.get("category") == _RATING else str(row["name"]) for row in rows)
    else:
        tags = tuple(line.strip() for line in lines if line.strip())
    if not tags:
        raise RunUnusable("character.tagger.tags_file: it has no tags: write one on each line, or a CSV with `name`")
    return tags


class Tagger:
    """Tells the tags of pictures. May be asked from several threads at once."""

    def __init__(self, model: bytes, tags: bytes, kind: TaggerInput) -> None:
        self._names = read_tags(tags)
        try:
            self._model = OnnxModel(model)
        except NotAModel as error:
            raise _unusable(error) from error
        self._is_first, self._side = _layout(self._model)
        self._kind = _kind(self._side) if kind is TaggerInput.AUTO else kind

    def tags(self, picture: Image.Image) -> dict[str, float]:
        """Return the tags of an RGB picture with the confidence in each, 0 to 1, of `RECORDED` and more."""
        pixels = _prepared(picture, self._side, self._kind)
        taken = pixels.transpose(2, 0, 1) if self._is_first else pixels
        try:
            (answer, *_) = self._model.run({self._model.inputs[0].name: taken[None]}).values()
        except NotAModel as error:
            raise _unusable(error) from error
        found = np.asarray(answer, np.float64).reshape(-1)
        if len(found) != len(self._names):
            raise RunUnusable(
                f"character.tagger.tags_file: it has {len(self._names)} tags, and the model tells {len(found)}"
            )
        pairs = zip(self._names, found.tolist(), strict=True)
        return {name: round(confidence, 4) for name, confidence in pairs if name and confidence >= RECORDED}


def confident(found: Mapping[str, float], least: float) -> list[str]:
    """Return the tags in which there is at least this confidence, the surest first."""
    return sorted((name for name, confidence in found.items() if confidence >= least), key=lambda name: -found[name])


def _layout(model: OnnxModel) -> tuple[bool, int]:
    """Return whether the channels come first, and the side of the pictures that a model takes."""
    shape = model.inputs[0].shape if len(model.inputs) == 1 and model.inputs[0].dtype == "float32" else ()
    for is_first, channels, side in ((False, 3, 1), (True, 1, 2)):
        if len(shape) == 4 and shape[channels] == _CHANNELS and (found := shape[side]) is not None:
            return is_first, found
    taken = ", ".join(f"{port.dtype} {list(port.shape)}" for port in model.inputs)
    raise _unusable(f"it takes {taken}, and a tagger float32 [n, side, side, 3]")


def _kind(side: int) -> TaggerInput:
    kinds = {WD_SIDE: TaggerInput.WD, DEEPDANBOORU_SIDE: TaggerInput.DEEPDANBOORU}
    if side not in kinds:
        raise RunUnusable(
            f"character.tagger.input: pictures of {side} pixels are neither those of a WD tagger ({WD_SIDE}) nor of "
            f"DeepDanbooru ({DEEPDANBOORU_SIDE}): write wd or deepdanbooru, as the model's own page has it"
        )
    return kinds[side]


def _prepared(picture: Image.Image, side: int, kind: TaggerInput) -> NDArray[np.float32]:
    factor = side / max(picture.size)
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    small = np.asarray(picture.resize(size, Resampling.BICUBIC if factor > 1 else Resampling.BOX), np.float32)
    down, across = ((missing // 2, missing - missing // 2) for missing in (side - size[1], side - size[0]))
    around = (down, across, (0, 0))
    if kind is TaggerInput.WD:
        white: NDArray[np.float32] = np.pad(small, around, constant_values=255)[..., ::-1]
        return np.ascontiguousarray(white)
    return np.pad(small, around, mode="edge") / np.float32(255)


def _unusable(why: object) -> RunUnusable:
    return RunUnusable(f"character.tagger.model: {why}")
