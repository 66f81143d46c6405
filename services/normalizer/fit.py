"""Fits images into a square: scaled with their aspect ratio, centred and padded."""

from dataclasses import dataclass
from typing import Literal

import numpy
from PIL import Image
from PIL.Image import Resampling

from shared.recipe.normalized import Fit


@dataclass(frozen=True)
class Square:
    """The square that StyleGAN2 wants: `size` pixels a side, a power of two.

    `pad` is what surrounds the picture: a colour as #rrggbb, "edge" (its outermost pixels go on) or "reflect" (it
    is mirrored, the outermost pixels not repeated).
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
    # A reducing gap of 3 is visually as good as none (Pillow's documentation) and spares time on large pictures.
    scaled = image.resize((width, height), Resampling.LANCZOS, reducing_gap=3.0)
    left, top = (square.size - width) // 2, (square.size - height) // 2
    return Fitted(_padded(scaled, left, top, square), left, top, width, height)


def scaled_size(size: tuple[int, int], square: Square) -> tuple[int, int]:
    """Return width and height, at least 1, that a picture of `size` takes on the square.

    Its longer side fills the square; `Fit.SHRINK_ONLY` leaves what is smaller as it is.
    """
    long = max(size)
    if long <= square.size and square.fit is Fit.SHRINK_ONLY:
        return size
    width, height = (max(1, (2 * side * square.size + long) // (2 * long)) for side in size)
    return width, height


def _padded(image: Image.Image, left: int, top: int, square: Square) -> Image.Image:
    if image.size == (square.size, square.size):
        return image
    if square.pad not in ("edge", "reflect"):
        canvas = Image.new("RGB", (square.size, square.size), square.pad)
        canvas.paste(image, (left, top))
        return canvas
    right, bottom = square.size - left - image.width, square.size - top - image.height
    margins = ((top, bottom), (left, right), (0, 0))
    mode: Literal["edge", "reflect"] = "edge" if square.pad == "edge" else "reflect"
    return Image.fromarray(numpy.pad(numpy.asarray(image), margins, mode=mode))
