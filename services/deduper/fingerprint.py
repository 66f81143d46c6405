"""Fingerprints: what is known of a picture before it is looked at beside another one."""

from dataclasses import dataclass

from services.deduper.look import DECODED_SIDE, look_of, phash_of
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
    return Fingerprint(
        width=small.info.width,
        height=small.info.height,
        lossless=small.info.lossless,
        phash=f"{look.phash:016x}",
        mirrored_phash=f"{phash_of(look.rgb[:, ::-1]):016x}",
        words=encoded(words_of(look)),
    )
