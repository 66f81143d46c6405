"""How a face looks, how reference faces look, and how far the one is from the others. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from PIL import Image

from services.face_detector.character.colours import ENOUGH, Colour, Lab, distance, lab_of_name
from services.face_detector.character.embedding import Embedder, Vector, difference
from services.face_detector.character.eyes import eye_colours
from services.face_detector.character.hair import hair_colours
from services.face_detector.character.regions import Head
from services.face_detector.detector import Box
from services.face_detector.monochrome import is_monochrome

Palette = list[Lab]
"""Colours of which any will do."""


@dataclass(frozen=True)
class Look:
    """The colours of a face's hair and eyes, that of the most pixels first, and its vector if there is a model.

    Without colours where none could be told.
    """

    hair: Sequence[Colour]
    eyes: Sequence[Colour]
    vector: Vector | None = None


@dataclass(frozen=True)
class Reference:
    """Palettes that a face is compared with, a recipe's own or one of each reference face, and these faces' vectors."""

    hair: Sequence[Palette]
    eyes: Sequence[Palette]
    vectors: Sequence[Vector] = ()


@dataclass(frozen=True)
class Scores:
    """The differences of a face from the reference, None where they cannot be told, and the main colours found."""

    hair: float | None = None
    eyes: float | None = None
    embedding: float | None = None
    hair_colour: str = ""
    eye_colour: str = ""


def look_of(picture: Image.Image, face: Box, embedder: Embedder | None = None) -> Look:
    """Return the look of a face in an RGB picture; a black-and-white head tells no colours."""
    head = Head(picture, face)
    vector = embedder.vector(picture, face) if embedder else None
    if is_monochrome(Image.fromarray(head.rgb)):
        return Look((), (), vector)
    return Look(hair_colours(head), eye_colours(head), vector)


def named_palette(names: Sequence[str]) -> list[Palette]:
    """Return the palette of colours #rrggbb; no palette of no colours."""
    return [[lab_of_name(name) for name in names]] if names else []


def palettes(faces: Sequence[Sequence[Colour]]) -> list[Palette]:
    """Return, for each reference face of which colours are known, those that make up much of it."""
    return [
        [np.asarray(colour.lab) for colour in colours if colour.share >= ENOUGH or colour is colours[0]]
        for colours in faces
        if colours
    ]


def scores(look: Look, reference: Reference) -> Scores:
    """Return how far a look is from the reference.

    Against several faces it is the median: up to half of them may show another light, or be a mistake.
    """
    return Scores(
        hair=_to_all(look.hair, reference.hair),
        eyes=_to_all(look.eyes, reference.eyes),
        embedding=difference(look.vector, reference.vectors) if look.vector is not None else None,
        hair_colour=_main(look.hair),
        eye_colour=_main(look.eyes),
    )


def _to_all(found: Sequence[Colour], wanted: Sequence[Palette]) -> float | None:
    distances = [away for palette in wanted if (away := distance(found, palette)) is not None]
    return median(distances) if distances else None


def _main(colours: Sequence[Colour]) -> str:
    return colours[0].name if colours else ""
