"""ICC profiles: the colour space that they describe, and conversion to sRGB."""

from enum import StrEnum
from functools import cache, lru_cache
from io import BytesIO

from PIL import Image, ImageCms

# Press profiles, the largest in use, have up to 3 MB.
_MAX_BYTES = 4_000_000


class Space(StrEnum):
    """Colour spaces by their signature in a profile's header (ICC.1:2022, 7.2.8)."""

    RGB = "RGB "
    GREY = "GRAY"
    CMYK = "CMYK"
    LAB = "Lab "


def space_of(profile: bytes | None) -> Space | None:
    """Return the colour space of a profile; None for an unsupported space, or for bytes that are no profile."""
    if profile is None or len(profile) > _MAX_BYTES or profile[36:40] != b"acsp":
        return None
    return next((space for space in Space if profile[16:20] == space.encode()), None)


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert `image` (L, LA, CMYK, LAB, RGB or RGBA) from `profile` to sRGB, keeping alpha; None if unusable.

    Relative colorimetric, so that flat colours which sRGB has stay what they are, with black point compensation,
    so that the black lines of a print profile do not turn grey: what Photoshop does by default, too.
    """
    if image.mode == "LA":
        grey = in_srgb(image.getchannel("L"), profile)
        if grey is not None:
            grey.putalpha(image.getchannel("A"))
        return grey
    transform = _transform(profile, image.mode)
    return None if transform is None else transform.apply(image)


@cache
def lab_profile() -> bytes:
    """Return a profile of CIE Lab under D50, which files in Lab mean without saying so."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


# lcms2 only reads a transform while it is applied, so threads may share one.
@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        return ImageCms.ImageCmsTransform(
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            mode,
            "RGBA" if mode == "RGBA" else "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (OSError, ValueError, ImageCms.PyCMSError):
        return None
