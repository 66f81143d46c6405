"""The reference faces of a recipe: pictures of the character, in each of which the largest face is looked at."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from services.face_detector.character.looks import Look, look_of
from services.face_detector.detector import Box, Face
from shared.contract.errors import RunUnusable
from shared.contract.reasons import Drop
from shared.contract.stage import Objects
from shared.pictures import ANY_SHAPE, decode, flatten
from shared.recipe.files import content

Finder = Callable[[Image.Image, str], Sequence[Face]]
"""Finds the faces in an RGB picture, which it knows by the digest of its file."""

CROP = (1 / 6, 0.3, 2 / 3, 2 / 3)
"""Left, top, width and height of the face in a crop with the default margins, in sides of the crop."""


def reference_looks(named: Sequence[str | Path], find: Finder, store: Objects | None) -> list[Look]:
    """Return how the reference faces look. Raises `RunUnusable` for a picture that cannot be decoded."""
    return [_look(data, name, find) for name in named for data in [_read(name, store)]]


def _read(named: str | Path, store: Objects | None) -> bytes:
    if store is None:
        if isinstance(named, str):
            raise RunUnusable(f"character.like: {named} lies in a store, and there is none here")
        return named.read_bytes()
    return content(named, store, "character.like")


def _look(data: bytes, named: str | Path, find: Finder) -> Look:
    picture = decode(data, ANY_SHAPE)
    if isinstance(picture, Drop):
        raise RunUnusable(f"character.like: {named} cannot be used: {picture.detail}")
    flat = flatten(picture.image)
    faces = find(flat, hashlib.sha256(data).hexdigest())
    return look_of(flat, max((face.box for face in faces), key=lambda box: box.area, default=as_crop(flat.size)))


def as_crop(size: tuple[int, int]) -> Box:
    """Return where the face lies in a picture of `size` in which none is found: it is taken for a crop as we cut it."""
    left, top, width, height = CROP
    return Box(round(left * size[0]), round(top * size[1]), round(width * size[0]), round(height * size[1]))
