"""Alters pictures as people do who enlarge a small data set by hand. Pure: a picture's digest decides what is done."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, cos, radians, sin

import numpy as np
from PIL import Image, ImageEnhance
from PIL.Image import Resampling, Transform, Transpose
from PIL.ImageFilter import UnsharpMask

from shared.recipe.augmented import Augmented

METHOD = 1
"""Counts changes of how pictures are altered, with which those on record are of no use."""

_REACH = 1 / 2
"""Part of the side by which a picture is continued before it is turned: no corner of the square reaches further."""

_RADIUS = 1 / 256
"""Part of the side that is the radius of the unsharp mask: 2 of 512 pixels, as picture editors have it preset."""

_MOST_HUE = 256 / 360
"""Steps of Pillow's hue to a degree."""


@dataclass(frozen=True)
class Alteration:
    """The steps that make a picture another, in this order.

    It is mirrored, turned clockwise by `angle` degrees about its middle, cut to a square at `left` and `top` with the
    side `side` (shares of the side), multiplied in brightness, contrast and saturation, turned by `hue` degrees on the
    colour wheel, and sharpened.
    """

    mirrored: bool
    angle: float
    left: float
    top: float
    side: float
    brightness: float
    contrast: float
    saturation: float
    hue: float
    sharpened: float

    def __str__(self) -> str:
        return ", ".join(self._steps()) or "nothing"

    def _steps(self) -> Iterator[str]:
        if self.mirrored:
            yield "mirror"
        if self.angle:
            yield f"turn {self.angle:.1f} degrees"
        if self.side < 1:
            yield f"crop {1 - self.side:.1%}"
        for name in ("brightness", "contrast", "saturation"):
            if (factor := getattr(self, name)) != 1:
                yield f"{name} {factor:.2f}"
        if self.hue:
            yield f"hue {self.hue:.0f} degrees"
        if self.sharpened:
            yield f"sharpen {self.sharpened:.2f}"


def alteration(picture: str, number: int, rules: Augmented) -> Alteration:
    """Return what makes copy `number` of a picture with this digest. Each setting moves its own step only."""
    seed = hashlib.sha256(f"{picture} {number}".encode()).digest()
    drawn = np.random.default_rng(np.frombuffer(seed, np.uint32)).random(10).tolist()
    spans = [2 * each - 1 for each in drawn]
    cut = rules.crop * drawn[2]
    return Alteration(
        mirrored=rules.mirror and drawn[0] < 0.5,
        angle=rules.rotation * spans[1],
        left=cut * drawn[3],
        top=cut * drawn[4],
        side=1 - cut,
        brightness=1 + rules.brightness * spans[5],
        contrast=1 + rules.contrast * spans[6],
        saturation=1 + rules.saturation * spans[7],
        hue=rules.hue * spans[8],
        sharpened=rules.sharpen * drawn[9],
    )


def altered(image: Image.Image, how: Alteration) -> Image.Image:
    """Return a square RGB picture altered, of the same size."""
    if how.mirrored:
        image = image.transpose(Transpose.FLIP_LEFT_RIGHT)
    if how.angle or how.side < 1:
        image = _turned(image, how)
    for enhance, factor in (
        (ImageEnhance.Brightness, how.brightness),
        (ImageEnhance.Contrast, how.contrast),
        (ImageEnhance.Color, how.saturation),
    ):
        image = enhance(image).enhance(factor) if factor != 1 else image
    if how.hue:
        image = _of_other_hue(image, how.hue)
    return image.filter(_mask(image.width, how.sharpened)) if how.sharpened else image


def _turned(image: Image.Image, how: Alteration) -> Image.Image:
    """Turn and cut in one step, so that pixels are mixed once; beyond the picture lies its mirror image."""
    side = image.width
    margin = ceil(side * _REACH)
    around = np.pad(np.asarray(image), ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    turn, middle = radians(how.angle), side / 2
    across, down = how.side * cos(turn), how.side * sin(turn)
    x, y = how.left * side - middle, how.top * side - middle
    corner = x * cos(turn) + y * sin(turn) + middle + margin, y * cos(turn) - x * sin(turn) + middle + margin
    placed = (across, down, corner[0], -down, across, corner[1])
    return Image.fromarray(around).transform((side, side), Transform.AFFINE, placed, Resampling.BICUBIC)


def _of_other_hue(image: Image.Image, degrees: float) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    steps = round(degrees * _MOST_HUE)
    turned = hue.point([(level + steps) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def _mask(side: int, strength: float) -> UnsharpMask:
    return UnsharpMask(radius=side * _RADIUS, percent=round(100 * strength), threshold=0)
