"""Fits images into a square: scaled with their aspect ratio, centred and padded."""

from dataclasses import dataclass
from typing import Literal

import numpy
from PIL import Image
from PIL.Image import Resampling
from PIL.ImageFilter import GaussianBlur

from shared.recipe.normalized import Fit

BLUR = 10
"""Part of the square's side that is the radius of a blurred filling: nothing in it can be told for a line."""


@dataclass(frozen=True)
class Square:
    """The square that StyleGAN2 wants: `size` pixels a side, a power of two.

    `pad` is what surrounds the picture: a colour as #rrggbb, "edge" (its outermost pixels go on), "reflect" (it
    is mirrored, the outermost pixels not repeated) or "blur" (it covers the square, blurred).
    """

    size: int = 512
    fit: Fit = Fit.EXACT
    pad: str = "#000000"

    def __post_init__(self) -> None:
        if self.size < 1 or self.size & (self.size - 1):
            raise ValueError(f"{self.size} is not a power of two")


@dataclass(frozen=True)
class Fitted:
    """An RGB image of exactly the square's size, and where in it the picture lies, in pixels."""

    image: Image.Image
    left: int
    top: int
    width: int
    height: int


def fit(image: Image.Image, square: Square) -> Fitted:
    """Scale an RGB image and centre it on the square; an odd pixel of padding goes to the right or to the bottom."""
    width, height = scaled_size(image.size, square)
    if square.fit is Fit.COVER:
        return Fitted(_covering(image, square.size), 0, 0, square.size, square.size)
    scaled = _resized(image, (width, height))
    left, top = (square.size - width) // 2, (square.size - height) // 2
    return Fitted(_padded(image, scaled, (left, top), square), left, top, width, height)


def scaled_size(size: tuple[int, int], square: Square) -> tuple[int, int]:
    """Return width and height, at least 1, that a picture of `size` takes on the square.

    Its longer side fills the square; `Fit.SHRINK_ONLY` leaves what is smaller as it is, `Fit.COVER` cuts off the rest.
    """
    if square.fit is Fit.COVER:
        return square.size, square.size
    long = max(size)
    if long <= square.size and square.fit is Fit.SHRINK_ONLY:
        return size
    width, height = (max(1, (2 * side * square.size + long) // (2 * long)) for side in size)
    return width, height


Part = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of an image."""


def _resized(image: Image.Image, size: tuple[int, int], part: Part | None = None) -> Image.Image:
    # A reducing gap of 3 is visually as good as none (Pillow's documentation) and spares time on large pictures.
    return image.resize(size, Resampling.LANCZOS, part, reducing_gap=3.0)


def _covering(image: Image.Image, size: int) -> Image.Image:
    """Scale the middle of a picture, as wide as it is high, to `size` a side."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return _resized(image, (size, size), (left, top, left + side, top + side))


def _padded(image: Image.Image, scaled: Image.Image, place: tuple[int, int], square: Square) -> Image.Image:
    """Lay `scaled`, made of `image`, on the square at a place (left, top)."""
    if scaled.size == (square.size, square.size):
        return scaled
    if square.pad in ("edge", "reflect"):
        return _continued(scaled, place, square)
    if square.pad == "blur":
        canvas = _covering(image, square.size).filter(GaussianBlur(square.size / BLUR))
    else:
        canvas = Image.new("RGB", (square.size, square.size), square.pad)
    canvas.paste(scaled, place)
    return canvas


def _continued(scaled: Image.Image, place: tuple[int, int], square: Square) -> Image.Image:
    (left, top), (width, height) = place, scaled.size
    margins = ((top, square.size - top - height), (left, square.size - left - width), (0, 0))
    mode: Literal["edge", "reflect"] = "edge" if square.pad == "edge" else "reflect"
    return Image.fromarray(numpy.pad(numpy.asarray(scaled), margins, mode=mode))
