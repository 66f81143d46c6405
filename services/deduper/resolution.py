"""Measures how much a picture shows: more pixels show no more where a thumbnail was blown up. Pure."""

from io import BytesIO

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from services.deduper.look import without_borders
from shared.contract.reasons import Drop
from shared.pictures import Limits, decode, flatten
from shared.pictures.jpeg_quality import jpeg_quality
from shared.pictures.sharpness import sharpness

MEASURED_SIDE = 1500
"""Pixels of the middle of a picture that are measured."""

_QUALITIES, _WORTH = (10, 50, 75, 90, 96), (0.25, 0.5, 0.75, 0.92, 1.0)
"""Qualities of JPEG, and the share of a resolution that counts: what compression adds looks like detail."""


def effective_resolution(data: bytes, limits: Limits) -> int:
    """Return the effective resolution of an encoded picture, to compare copies of one; 0 if it cannot be decoded.

    It is about the number of pixels of a sharp drawing, and less for one that is blurred, enlarged or compressed. Plain
    borders do not count.
    """
    picture = decode(data, limits)
    if isinstance(picture, Drop):
        return 0
    image = Image.fromarray(without_borders(np.asarray(flatten(picture.image))))
    grey = np.asarray(_middle(image).convert("L"), np.float32)
    return int(image.width * image.height * sharpness(grey) ** 2 * worth_as_jpeg(data))


def worth_as_jpeg(data: bytes) -> float:
    """Return the share of an encoded picture's resolution that compression has left: 1 unless it is a JPEG.

    Raises `OSError` for what is no picture.
    """
    return float(np.interp(_quality(data), _QUALITIES, _WORTH))


def _quality(data: bytes) -> int:
    """Return the quality of a JPEG, 1 to 100; 100 for other formats."""
    with Image.open(BytesIO(data)) as image:
        return (jpeg_quality(image) if isinstance(image, JpegImageFile) else None) or 100


def _middle(image: Image.Image) -> Image.Image:
    left, top = max(0, image.width - MEASURED_SIDE) // 2, max(0, image.height - MEASURED_SIDE) // 2
    return image.crop((left, top, min(image.width, left + MEASURED_SIDE), min(image.height, top + MEASURED_SIDE)))
