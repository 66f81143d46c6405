"""Contact sheets: small pictures in rows, with lines of text below each, on pages of bounded size."""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont
from PIL.Image import Resampling

from shared.contract.reasons import Drop
from shared.pictures.decoding import thumbnail
from shared.pictures.inspection import ANY_SHAPE, Limits
from shared.pictures.profiles import in_srgb
from shared.visible_text import visible

PAPER, INK, FRAME, MISSING = "#ffffff", "#202020", "#c8c8c8", "#b0b0b0"
MARGIN = 8
"""Pixels between two tiles, and around all."""

TEXT_SIZE, LINE = 12, 15
"""Pixels of a letter, and of a line of text."""

CHARACTER = 6.4
"""Pixels that a character takes on average, of names and hexadecimal digits; what is wider yet is cut at the tile."""


@dataclass(frozen=True)
class Tile:
    """A picture (RGB, no larger than its place), or a sentence that says why there is none; and texts below it."""

    picture: Image.Image | str
    caption: Sequence[str] = ()


@dataclass(frozen=True)
class Layout:
    """Measures of a page: pixels of a picture's place, columns and rows of tiles, and lines of text below each."""

    width: int = 192
    height: int = 192
    columns: int = 6
    rows: int = 5
    lines: int = 5

    @property
    def tiles(self) -> int:
        """Number of tiles on a full page."""
        return self.columns * self.rows

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a tile with its text, in pixels."""
        return self.width, self.height + self.lines * LINE

    def corner(self, number: int) -> tuple[int, int]:
        """Return left and top of tile `number`, from 0, of a page."""
        (width, height), (row, column) = self.size, divmod(number, self.columns)
        return MARGIN + column * (width + MARGIN), MARGIN + row * (height + MARGIN)


LARGE = Layout(width=360, height=360, columns=4, rows=4)
"""For pictures on which something is drawn or written."""

PAIRS = Layout(width=400, height=250, columns=4, rows=4)
"""For two pictures side by side."""


def draw_page(tiles: Sequence[Tile], layout: Layout) -> Image.Image:
    """Draw a page of at least one tile; it is no larger than these need."""
    columns, rows = min(len(tiles), layout.columns), -(-len(tiles) // layout.columns)
    width, height = (side + MARGIN for side in layout.size)
    page = Image.new("RGB", (MARGIN + columns * width, MARGIN + rows * height), PAPER)
    for number, tile in enumerate(tiles):
        page.paste(_drawn(tile, layout), layout.corner(number))
    return page


def reduced(data: bytes, size: tuple[int, int], limits: Limits = ANY_SHAPE) -> Image.Image | str:
    """Decode a picture to sRGB, small enough for `size` (width, height), or say why it cannot be.

    Transparent parts become white. A picture of less than half the size is enlarged so that its pixels can be seen.
    """
    found = thumbnail(data, max(size), limits)
    if isinstance(found, Drop):
        return f"{found.reason}: {found.detail}"
    image = found.image
    if found.profile is not None:
        image = in_srgb(image, found.profile) or image
    return fitting(image, size)


def fitting(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Reduce an image to at most `size`, or enlarge it by a whole number if it is less than half of that."""
    factor = min(there / here for there, here in zip(size, image.size, strict=True))
    if factor >= 2:
        whole = image.width * int(factor), image.height * int(factor)
        return image.resize(whole, Resampling.NEAREST)
    if factor >= 1:
        return image
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))), Resampling.LANCZOS)


def beside(left: Image.Image | str, right: Image.Image | str, size: tuple[int, int]) -> Image.Image:
    """Draw two pictures side by side, each in one half of `size`; a sentence in place of one on grey."""
    both, place = Image.new("RGB", size, PAPER), half(size)
    both.paste(_placed(left, place), (0, 0))
    both.paste(_placed(right, place), (size[0] - place[0], 0))
    return both


def half(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of one of two places side by side."""
    return (size[0] - MARGIN // 2) // 2, size[1]


def shortened(name: str, lines: int, width: int) -> str:
    """Shorten a name to what fits into `lines` of `width` pixels; what is left out is in its middle."""
    most = lines * _characters(width)
    if len(name) <= most:
        return name
    return f"{name[: most // 3]}…{name[len(name) - (most - most // 3 - 1) :]}"


def font(size: int = TEXT_SIZE) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font."""
    return ImageFont.load_default(size)


def drawable(text: str) -> str:
    """Return a text as Pillow's own font has letters for it: without accents, `?` for those that it lacks."""
    plain = unicodedata.normalize("NFD", visible(text))
    return "".join(each if _has(each) else "?" for each in plain if not unicodedata.combining(each))


def _drawn(tile: Tile, layout: Layout) -> Image.Image:
    drawn = Image.new("RGB", layout.size, PAPER)
    drawn.paste(_placed(tile.picture, (layout.width, layout.height)), (0, 0))
    lines = [line for text in tile.caption for line in _wrapped(text, layout.width, layout.lines)]
    _write(drawn, lines[: layout.lines], (1, layout.height + 2))
    return drawn


def _placed(picture: Image.Image | str, size: tuple[int, int]) -> Image.Image:
    """Draw a picture with a frame in the middle of its place, or the sentence that there is in its stead."""
    if isinstance(picture, str):
        place = Image.new("RGB", size, MISSING)
        _write(place, _wrapped(picture, size[0] - 8, size[1] // LINE - 1), (4, 4))
        return place
    place = Image.new("RGB", size, PAPER)
    left, top = (size[0] - picture.width) // 2, (size[1] - picture.height) // 2
    place.paste(picture, (left, top))
    outline = (left - 1, top - 1, left + picture.width, top + picture.height)
    ImageDraw.Draw(place).rectangle(outline, outline=FRAME)
    return place


def _write(image: Image.Image, lines: Sequence[str], corner: tuple[int, int]) -> None:
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        pen.text((corner[0], corner[1] + number * LINE), line, INK, font())


def _wrapped(text: str, width: int, lines: int) -> list[str]:
    characters = _characters(width)
    return textwrap.wrap(drawable(text), characters, max_lines=lines, placeholder="…", break_on_hyphens=False)


def _characters(width: int) -> int:
    return max(4, int(width / CHARACTER))


@cache
def _has(character: str) -> bool:
    """Say whether the font has a letter for a character; for others it draws an empty box."""
    if character == " ":
        return True
    own = font()
    return bytes(own.getmask(character)) != bytes(own.getmask("\uffff"))
