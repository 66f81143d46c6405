"""The strength of noise reduction by the file that a crop was cut from."""

from shared.pictures import PictureInfo

NONE = -1

LEVELS = (NONE, 0, 1, 2, 3)
"""All strengths, those of the recipe."""

_BY_JPEG_QUALITY = ((85, 0), (65, 1), (40, 2), (0, 3))
"""From which quality on which strength. Drawn faces of 96 pixels were stored as JPEG, doubled, and compared with the
true larger ones, at nine qualities: with both models for drawings each strength is the best, or within 4 % of it."""

_OF_OTHER_LOSSY_FILES = 1
"""Of lossy WebP, AVIF and TIFF, whose headers tell no quality."""


def noise_level(original: PictureInfo) -> int:
    """Return the strength for crops of `original`: none of a lossless file, the more the less a JPEG's quality is."""
    if original.lossless:
        return NONE
    if original.jpeg_quality is None:
        return _OF_OTHER_LOSSY_FILES
    return next(level for quality, level in _BY_JPEG_QUALITY if original.jpeg_quality >= quality)
