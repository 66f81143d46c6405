"""Measures how much a picture shows: more pixels show no more where a thumbnail was blown up. Pure."""

from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.contract.reasons import Drop
from shared.pictures import Limits, decode, flatten

MEASURED_SIDE = 1500
"""Pixels of the middle of a picture that are measured."""

_WINDOW = 7
"""Side of the window within which contrast is measured."""

_SHARP, _STEEPNESS = 0.065, 1.4
"""Loss, as a share of the contrast, when a picture is halved and doubled again: the median of drawings (softly painted
ones have 0.038). Of copies that were enlarged by 1.5 it is 0.048, by 2 0.026. The steepness makes enlarged copies lose
against their originals, and halved ones too."""

_PIXELS = 1.1
"""Exponent of the number of pixels. More than 1, since soft drawings hardly lose anything when they are reduced."""

_QUALITIES, _WORTH = (10, 50, 75, 90), (0.35, 0.7, 0.9, 1.0)
"""Qualities of JPEG, and the share of a resolution that counts: what compression adds looks like detail."""


def effective_resolution(data: bytes, limits: Limits) -> int:
    """Return the effective resolution of an encoded picture, to compare copies of one; 0 if it cannot be decoded.

    It is about the number of pixels of a sharp drawing, and less for one that is blurred, enlarged or compressed.
    """
    picture = decode(data, limits)
    if isinstance(picture, Drop):
        return 0
    grey = np.asarray(_middle(flatten(picture.image)).convert("L"), np.float32)
    pixels = picture.image.width * picture.image.height
    worth = sharpness(grey) ** 2 * float(np.interp(jpeg_quality(data), _QUALITIES, _WORTH))
    return int(pixels**_PIXELS * worth)


def sharpness(grey: NDArray[np.float32]) -> float:
    """Return how sharp the strongest edges of levels [h, w] are: 1 for the usual drawing, less for an enlarged one."""
    window = np.ones((_WINDOW, _WINDOW), np.uint8)
    contrast = cv2.dilate(grey, window) - cv2.erode(grey, window)
    strong = contrast >= max(40.0, 0.8 * float(np.percentile(contrast, 90)))
    if strong.sum() < 50:
        return 1.0  # there is nothing to tell by
    height, width = grey.shape
    half = cv2.resize(grey, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    lost = np.abs(grey - cv2.resize(half, (width, height), interpolation=cv2.INTER_CUBIC))
    loss = float(np.median((lost / np.maximum(contrast, 1))[strong]))
    return float((loss / _SHARP) ** _STEEPNESS)


def jpeg_quality(data: bytes) -> float:
    """Return the quality, 1 to 100, of a JPEG by its luma table, as libjpeg's own numbers; 100 for other formats."""
    with Image.open(BytesIO(data)) as image:
        tables = getattr(image, "quantization", None)
    if not tables:
        return 100.0
    percent = 100 * sum(tables[min(tables)]) / _SUM_AT_50
    return float(np.clip(5000 / percent if percent > 100 else (200 - percent) / 2, 1, 100))


_SUM_AT_50 = 3688
"""Sum of the luma table in ITU-T T.81, annex K.1, which libjpeg uses at a quality of 50."""


def _middle(image: Image.Image) -> Image.Image:
    left, top = max(0, image.width - MEASURED_SIDE) // 2, max(0, image.height - MEASURED_SIDE) // 2
    return image.crop((left, top, min(image.width, left + MEASURED_SIDE), min(image.height, top + MEASURED_SIDE)))
