"""Estimates the quality that a JPEG was stored with."""

from PIL.JpegImagePlugin import JpegImageFile

_SUM_AT_50 = 3688
"""Sum of the brightness table of quality 50 (ITU-T T.81, table K.1)."""


def jpeg_quality(image: JpegImageFile) -> int | None:
    """Return the quality, 1 to 100 as libjpeg counts it, by the brightness table; None if there is none.

    Exact within 1 for files of libjpeg; those of programs with tables of their own get the quality at which libjpeg
    rounds as coarsely on average.
    """
    table = next(iter(image.quantization.values()), None)
    if table is None:
        return None
    percent = 100 * sum(table) / _SUM_AT_50
    quality = (200 - percent) / 2 if percent <= 100 else 5000 / percent
    return min(100, max(1, round(quality)))
