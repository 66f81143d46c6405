"""Checks that an enlarged picture is the picture that was to be enlarged."""

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from shared.contract.errors import Unusable

LARGEST_DIFFERENCE = 16.0
"""Mean difference in levels of 255 from a bicubic enlargement. Measured, by model and noise reduction: on the pattern
0.6 to 5, on drawn faces from 32 pixels on 0.3 to 3; a black picture of the pattern is 116 levels off, one with red and
blue exchanged 64, mirrored 62. Of one-pixel chequers and of random pixels some models draw others and are refused."""

_BLOCK = 8
"""Pixels of the enlarged pictures that are averaged before they are compared: a model may move and sharpen strokes."""


def pattern() -> Image.Image:
    """Draw 128 x 128 pixels: a gradient of each colour in its own direction, and a dark square with sharp edges."""
    y, x = np.mgrid[0:128, 0:128]
    pixels = np.stack([x * 2, y * 2, 254 - x - y], axis=-1)
    pixels[40:88, 40:88] //= 3
    return Image.fromarray(pixels.astype(np.uint8))


def check(image: Image.Image, large: Image.Image) -> None:
    """Raise `Unusable` unless `large` is `image`, RGB, at twice its size."""
    size = (2 * image.width, 2 * image.height)
    if large.size != size or large.mode != "RGB":
        raise Unusable(f"enlarging makes {large.size} pixels of {large.mode}, instead of {size} of RGB")
    off = _difference(large, image.resize(size, Resampling.BICUBIC))
    if off > LARGEST_DIFFERENCE:
        raise Unusable(f"the enlarged picture is not the one that was to be enlarged: it is {off:.0f} levels off")


def _difference(one: Image.Image, other: Image.Image) -> float:
    first, second = (np.asarray(image.reduce(_BLOCK), dtype=float) for image in (one, other))
    return float(np.abs(first - second).mean())
