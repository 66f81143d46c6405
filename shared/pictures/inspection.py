"""Inspects pictures by their headers: format, size and limits, without decoding."""

from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

# Importing the plugins registers their formats; Image.open alone would import only the first four.
from PIL import (  # noqa: F401
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ExifTags import Base

from shared.contract.reasons import Drop, Reason
from shared.pictures.formats import Format, appearance, format_of, webp_canvas, webp_is_lossless
from shared.pictures.jpeg_quality import jpeg_quality
from shared.pictures.refusal import Refused, result_or_drop
from shared.recipe.pictures import Pictures


@dataclass(frozen=True)
class Limits:
    """The limits of accepted files. Whatever they are, Pillow's own refusals remain: pictures above 179 megapixels,
    PNG text chunks above 1 MB each or 64 MB together.

    The default of 80 megapixels lies below the 89 from which Pillow suspects a bomb, and takes 320 MB when
    decoded. Above an elongation of 8 a fingerprint of 32 x 32 no longer sees what is in the picture.
    """

    max_bytes: int = 100_000_000
    max_pixels: int = 80_000_000
    min_side: int = 32
    max_elongation: float = 8.0

    @classmethod
    def of(cls, pictures: Pictures) -> "Limits":
        """Return the limits that a recipe sets."""
        return cls(
            max_bytes=round(pictures.megabytes * 1e6),
            max_pixels=round(pictures.megapixels * 1e6),
            min_side=pictures.smallest,
            max_elongation=pictures.elongation,
        )


DEFAULT_LIMITS = Limits()

OUR_OWN_LIMITS = Limits(min_side=1, max_elongation=10_000)
"""Limits for pictures that our stages have cut out of pictures within the recipe's limits, or enlarged."""

ANY_SHAPE = Limits(min_side=1, max_elongation=float("inf"))
"""Limits for pictures that are only looked at, or that were decoded within a recipe's limits before."""


class Note(StrEnum):
    """Peculiarities of a file that decoding puts right."""

    ANIMATED = "animated-first-frame"
    ROTATED = "exif-rotated"
    CMYK = "cmyk"
    SIXTEEN_BIT = "sixteen-bit"
    PALETTE = "palette"
    GREY = "grey"


@dataclass(frozen=True)
class PictureInfo:
    """Properties of a picture as its file states them.

    `width` and `height` are pixels after EXIF orientation, `mode` is Pillow's mode as stored, `depth` bits per
    channel as stored (None: unknown), `jpeg_quality` 1 to 100 (None: it is no JPEG).
    """

    format: Format
    width: int
    height: int
    mode: str
    depth: int | None
    lossless: bool
    has_alpha: bool
    has_profile: bool
    notes: frozenset[Note]
    jpeg_quality: int | None = None


def inspect(data: bytes, limits: Limits = DEFAULT_LIMITS) -> PictureInfo | Drop:
    """Return the properties of a picture by the header of `data`; damage further back is found by decoding only."""
    return result_or_drop(data, lambda: opened(data, limits)[1])


def opened(data: bytes, limits: Limits) -> tuple[ImageFile.ImageFile, PictureInfo]:
    """Open `data` without decoding it and describe it; raises `Refused`, or whatever Pillow does, if it is unusable."""
    if not data:
        raise Refused(Reason.EMPTY_FILE, "the file has 0 bytes")
    if len(data) > limits.max_bytes:
        raise Refused(Reason.TOO_MANY_BYTES, f"{len(data)} bytes, at most {limits.max_bytes} are read")
    kind = format_of(data)
    if kind is None:
        raise Refused(Reason.NOT_A_PICTURE, f"it is {appearance(data)}")
    if kind is Format.WEBP:
        _refuse_pixels(webp_canvas(data), limits)
    image = Image.open(BytesIO(data), formats=[kind.upper()])
    assert isinstance(image, ImageFile.ImageFile)
    _refuse_pixels(image.size, limits)
    _refuse_shape(image.size, limits)
    if image.mode in ("I", "F"):
        raise Refused(Reason.NOT_A_PICTURE, "its pixels are 32-bit measurements without a known white")
    return image, _described(image, data, kind)


def orientation(image: ImageFile.ImageFile) -> int:
    """Return the EXIF orientation, 1 (upright) to 8. XMP is ignored, as browsers do."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        value = image.tag_v2.get(Base.Orientation)
    else:
        value = _exif_orientation(image.info.get("exif", b""))
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _exif_orientation(data: bytes) -> object:
    exif = Image.Exif()
    try:
        exif.load(data)
        return exif.get(Base.Orientation)
    except Exception:  # a broken EXIF block raises anything; the picture is none the worse for it
        return None


def _refuse_pixels(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise Refused(Reason.TOO_MANY_PIXELS, f"{width} x {height} pixels, at most {limits.max_pixels} are decoded")


def _refuse_shape(size: tuple[int, int], limits: Limits) -> None:
    short, long = sorted(size)
    if long > short * limits.max_elongation:
        raise Refused(Reason.TOO_ELONGATED, f"{size[0]} x {size[1]} pixels, at most {limits.max_elongation:g} : 1")
    if short < limits.min_side:
        raise Refused(Reason.TOO_SMALL, f"{size[0]} x {size[1]} pixels, at least {limits.min_side} a side")


def _described(image: ImageFile.ImageFile, data: bytes, kind: Format) -> PictureInfo:
    width, height = image.size
    turned = orientation(image)
    if turned >= 5 and kind is not Format.TIFF:  # Pillow has swapped a TIFF's sides already
        width, height = height, width
    depth = _depth(image, data, kind)
    return PictureInfo(
        format=kind,
        width=width,
        height=height,
        mode=image.mode,
        depth=depth,
        lossless=_is_lossless(image, data, kind),
        has_alpha=image.has_transparency_data,
        has_profile=bool(image.info.get("icc_profile")),
        notes=_notes(image, kind, turned, depth),
        jpeg_quality=jpeg_quality(image) if isinstance(image, JpegImagePlugin.JpegImageFile) else None,
    )


def _notes(image: ImageFile.ImageFile, kind: Format, turned: int, depth: int | None) -> frozenset[Note]:
    may_move = kind in (Format.PNG, Format.GIF, Format.WEBP, Format.AVIF)
    found = {
        Note.ANIMATED: may_move and getattr(image, "is_animated", False),
        Note.ROTATED: turned > 1,
        Note.CMYK: image.mode == "CMYK",
        Note.SIXTEEN_BIT: depth is not None and depth > 8,
        Note.PALETTE: image.mode in ("P", "PA"),
        Note.GREY: image.mode in ("1", "L", "LA") or image.mode.startswith("I;16"),
    }
    return frozenset(note for note, present in found.items() if present)


def _depth(image: ImageFile.ImageFile, data: bytes, kind: Format) -> int | None:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(max(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (1,))))
    if kind is Format.PNG:
        return data[24]
    return None if kind is Format.AVIF else 8


def _is_lossless(image: ImageFile.ImageFile, data: bytes, kind: Format) -> bool:
    if kind is Format.TIFF:
        return image.info.get("compression") not in ("jpeg", "tiff_jpeg", "webp")
    if kind is Format.WEBP:
        return webp_is_lossless(data)
    return kind in (Format.PNG, Format.GIF, Format.BMP)
