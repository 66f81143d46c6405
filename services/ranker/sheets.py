"""Contact sheets: small pictures in rows, with lines of text below each."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from shared.pictures import to_image

_SIDE = 128  # pixels of a thumbnail
_MARGIN = 6
_TEXT_SIZE = 14
_LINE = 20  # pixels that a line of text takes
_PAPER, _INK = "#ffffff", "#000000"


def ranking_sheet(pictures: NDArray[np.uint8], captions: Sequence[str]) -> Image.Image:
    """Draw a sheet of `pictures` [n, H, W, C], n at least 1, a third wider than high in thumbnails.

    A line break in a caption begins another line.
    """
    count, below = len(pictures), _LINE * max(1 + caption.count("\n") for caption in captions)
    columns = min(count, max(1, round(math.sqrt(count * 4 / 3))))
    rows = -(-count // columns)
    width, height = _SIDE + _MARGIN, _SIDE + below + _MARGIN
    page = Image.new("RGB", (columns * width + _MARGIN, rows * height + _MARGIN), _PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(_TEXT_SIZE)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = _MARGIN + place % columns * width, _MARGIN + place // columns * height
        page.paste(_thumbnail(picture), (left, top))
        pen.text((left + _SIDE // 2, top + _SIDE + below // 2), caption, _INK, font, anchor="mm", align="center")
    return page


def _thumbnail(picture: NDArray[np.uint8]) -> Image.Image:
    """Shrink a picture to a thumbnail, or enlarge it without smoothing, so that its pixels can be seen."""
    image = to_image(picture)
    small = picture.shape[0] < _SIDE
    return image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS)
