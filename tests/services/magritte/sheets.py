"""What contact sheets show, by their pixels."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.pictures.contact_sheet import Layout


def png(colour: str, size: tuple[int, int] = (120, 120), mode: str = "RGB") -> bytes:
    """A picture of one colour."""
    file = BytesIO()
    Image.new(mode, size, colour).save(file, "PNG")
    return file.getvalue()


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as page:
        assert (page.mode, page.format) == ("RGB", "PNG")
        return np.asarray(page)


def tile(page: NDArray[np.uint8], number: int, layout: Layout) -> NDArray[np.uint8]:
    """The place of tile `number` for a picture."""
    left, top = layout.corner(number)
    return page[top : top + layout.height, left : left + layout.width]


def text(page: NDArray[np.uint8], number: int, layout: Layout) -> NDArray[np.uint8]:
    """The place below it, for its caption."""
    left, top = layout.corner(number)
    return page[top + layout.height + 1 : top + layout.size[1], left : left + layout.width]


def middle(place: NDArray[np.uint8]) -> tuple[int, ...]:
    """The mean colour of the middle of a place, an eighth of it to each side."""
    height, width = place.shape[:2]
    part = place[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]
    return tuple(round(float(level)) for level in part.reshape(-1, 3).mean(axis=0))
