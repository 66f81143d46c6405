"""Fingerprints: what is known of a picture before it is looked at beside another one."""

from dataclasses import dataclass

import imagehash
from PIL import Image, ImageOps

from services.deduper.look import DECODED_SIDE, look_of
from services.deduper.words import encoded, words_of
from shared.contract.reasons import Drop
from shared.pictures import Limits, thumbnail


@dataclass(frozen=True)
class Fingerprint:
    """Perceptual hashes of 64 bits in hexadecimal and words of details (`services.deduper.words`), without borders.

    `width` and `height` are the full picture's pixels, upright.
    """

    width: int
    height: int
    lossless: bool
    phash: str
    mirrored_phash: str
    words: str


def fingerprint(data: bytes, limits: Limits) -> Fingerprint | Drop:
    """Return the fingerprint of an encoded picture, or a `Drop` that says why it cannot be decoded."""
    small = thumbnail(data, DECODED_SIDE, limits)
    if isinstance(small, Drop):
        return small
    look = look_of(small.image)
    grey = Image.fromarray(look.rgb).convert("L")
    return Fingerprint(
        width=small.info.width,
        height=small.info.height,
        lossless=small.info.lossless,
        phash=str(imagehash.phash(grey)),
        mirrored_phash=str(imagehash.phash(ImageOps.mirror(grey))),
        words=encoded(words_of(look)),
    )
