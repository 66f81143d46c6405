"""The reference faces of a recipe: pictures of the character, in each of which the largest face is looked at."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from services.face_detector.character.embedding import Embedder
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


def read_reference(named: str | Path, store: Objects | None) -> tuple[str, Image.Image]:
    """Return the digest and the RGB pixels of a reference picture; raises `RunUnusable` if that cannot be had."""
    data = _content(named, store)
    picture = decode(data, ANY_SHAPE)
    if isinstance(picture, Drop):
        raise RunUnusable(f"character.like: {named} cannot be used: {picture.detail}")
    return hashlib.sha256(data).hexdigest(), flatten(picture.image)


def reference_look(digest: str, flat: Image.Image, find: Finder, embedder: Embedder | None) -> Look:
    """Return how the largest face in a reference picture looks."""
    boxes = [face.box for face in find(flat, digest)]
    return look_of(flat, max(boxes, key=lambda box: box.area, default=as_crop(flat.size)), embedder)


def as_crop(size: tuple[int, int]) -> Box:
    """Return where the face lies in a picture of `size` in which none is found: it is taken for a crop as we cut it."""
    left, top, width, height = CROP
    return Box(round(left * size[0]), round(top * size[1]), round(width * size[0]), round(height * size[1]))


def _content(named: str | Path, store: Objects | None) -> bytes:
    if store is not None:
        return content(named, store, "character.like")
    if isinstance(named, str):
        raise RunUnusable(f"character.like: {named} lies in a store, and there is none here")
    try:
        return named.read_bytes()
    except OSError as error:
        raise RunUnusable(f"character.like: {named} cannot be read: {error.strerror}") from error
