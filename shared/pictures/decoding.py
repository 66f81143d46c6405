"""From bytes to pixels: whatever the file, the result is upright and 8-bit RGB or RGBA."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from PIL import Image, ImageFile
from PIL.Image import Resampling, Transpose

from shared.contract.reasons import Drop
from shared.pictures.inspection import DEFAULT_LIMITS, Limits, PictureInfo, opened, orientation
from shared.pictures.profiles import Space, in_srgb, lab_profile, space_of
from shared.pictures.refusal import result_or_drop

WHITE = "#ffffff"

# By EXIF orientation (CIPA DC-008, table 6).
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

# Modes that are converted to sRGB, by the space that their profile has to describe.
_SPACES = {"L": Space.GREY, "LA": Space.GREY, "CMYK": Space.CMYK, "LAB": Space.LAB}


@dataclass(frozen=True)
class Picture:
    """A decoded picture. `image` is RGB or RGBA (a thumbnail RGB or L), upright, and carries no metadata.

    `profile` is the ICC profile of an RGB space that the colours are in; None means sRGB.
    """

    image: Image.Image
    profile: bytes | None
    info: PictureInfo


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Picture | Drop:
    """Decode the first frame of a picture. Spaces other than RGB are converted to sRGB, by their profile if any."""
    return result_or_drop(data, lambda: _decoded(data, limits))


def thumbnail(
    data: bytes, side: int, limits: Limits = DEFAULT_LIMITS, mode: Literal["RGB", "L"] = "RGB"
) -> Picture | Drop:
    """Decode a picture and reduce its longer side to `side` pixels (never enlarged); transparent parts become white.

    A JPEG is decoded at a half, quarter or eighth of its size where that leaves twice `side`, which is several
    times faster; all of its bytes are read even so, and a truncated file is noticed. `info` tells of the full
    picture.
    """
    return result_or_drop(data, lambda: _reduced(data, side, limits, mode))


def flatten(image: Image.Image, background: str = WHITE) -> Image.Image:
    """Lay an RGB or RGBA image on the plain colour `background` (#rrggbb), as RGB. An RGB image is returned itself."""
    if image.mode == "RGB":
        return image
    flat = Image.new("RGB", image.size, background)
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _decoded(data: bytes, limits: Limits) -> Picture:
    image, info = opened(data, limits)
    picture = _converted(image, info)
    width, height = picture.image.size  # a PNG may tell its orientation only after its pixels
    return replace(picture, info=replace(info, width=width, height=height))


def _reduced(data: bytes, side: int, limits: Limits, mode: Literal["RGB", "L"]) -> Picture:
    image, info = opened(data, limits)
    width, height = (max(1, 2 * length * side // max(image.size)) for length in image.size)
    image.draft(mode, (width, height))
    picture = _converted(image, info)
    small = _in_mode(flatten(picture.image), mode)
    small.thumbnail((side, side), Resampling.LANCZOS, reducing_gap=2.0)
    return replace(picture, image=small)


def _converted(image: ImageFile.ImageFile, info: PictureInfo) -> Picture:
    image.load()
    colours, profile = _in_rgb(_eight_bit(image, info.depth), image.info.get("icc_profile"))
    turn = _TURNS.get(orientation(image))
    # A plain image on the same pixels, so that the file and its decoder can go: to copy the pixels would take
    # longer than to decode a JPEG (measured: 10 ms to 5 ms for 2 MP; it is the fresh memory that costs).
    upright = colours._new(colours.im) if turn is None else colours.transpose(turn)
    upright.info = {}
    return Picture(upright, profile, info)


def _eight_bit(image: Image.Image, depth: int | None) -> Image.Image:
    """Convert `image` to one of the modes L, LA, RGB, RGBA, CMYK and LAB."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(_eight_bit_table(depth or 16), "L")
    if image.mode in ("CMYK", "LAB"):
        return image
    colour = "L" if image.mode in ("1", "L", "LA") else "RGB"
    return _in_mode(image, colour + "A" if image.has_transparency_data else colour)


@lru_cache(maxsize=8)
def _eight_bit_table(depth: int) -> list[int]:
    """Return the nearest of 256 levels for each 16-bit value; Pillow's own conversion clips at 255 instead."""
    white = (1 << depth) - 1
    return [min(255, (value * 255 + white // 2) // white) for value in range(1 << 16)]


def _in_rgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes | None]:
    """Convert `image` to RGB or RGBA; return it with the profile of its colours, None for sRGB."""
    if image.mode == "LAB":
        profile = lab_profile()
    space = space_of(profile)
    if profile is not None and space is _SPACES.get(image.mode):
        converted = in_srgb(image, profile)
        if converted is not None:
            return converted, None
    plain = _in_mode(image, "RGBA" if image.mode in ("LA", "RGBA") else "RGB")
    return plain, profile if space is Space.RGB and image.mode != "CMYK" else None


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)
