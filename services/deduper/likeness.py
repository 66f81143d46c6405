"""Compares fingerprints: tells exact, near and mirrored duplicates from different pictures. Symmetric."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.contract.messages import ImageFingerprinted
from shared.contract.reasons import Reason
from shared.recipe.duplicates import Duplicates

PRINT = np.dtype(
    [
        ("image", np.uint8, 32),
        ("phash", np.uint64),
        ("mirrored_phash", np.uint64),
        ("dhash", np.uint64),
        ("mirrored_dhash", np.uint64),
        ("colours", np.uint8, (4, 4, 3)),
    ]
)
"""A fingerprint as an array element of 112 bytes."""

# Chosen on copies of 112 drawings against 210 drawings of three characters in random poses, which are the hardest
# to tell apart. On three other characters, 38 of the 1019 pairs (of 7245) within 10 bits of phash remain.
SURE_BITS = 6
"""Bits of phash up to which `MOST_TINT` holds; above, `MOST_TINT_WHEN_UNSURE` does."""
MOST_DHASH_BITS = 12
"""Bits of dhash in which duplicates may differ: enough for 95 % of the copies that were cropped by 4 % on each side;
half of the unlike pairs within 10 bits of phash differ in more than 16."""
MOST_TINT = 0.4
"""Difference in tint of duplicates, at most, as a share of the stronger colouring. Copies (JPEG, crop, brightness,
contrast) reach 0.25, with clipped highlights 0.4; hue turned by 30 degrees or half of the saturation gives 0.5, a grey
version or line art 1."""
MOST_TINT_WHEN_UNSURE = 0.3
FAINT = 4.0
"""Levels of colouring below which a picture counts as grey; JPEG artefacts stay below 1.5."""
MOST_LEVELS = 64.0
"""Mean difference of colours, of 255; tells flat pictures apart. 20 % less brightness gives up to 50."""

Bits = NDArray[np.uint8]
Flags = NDArray[np.bool_]


def print_of(found: ImageFingerprinted) -> np.void:
    """Convert a fingerprint to an element of `PRINT`."""
    hashes = [int(value, 16) for value in (found.phash, found.mirrored_phash, found.dhash, found.mirrored_dhash)]
    image = np.frombuffer(bytes.fromhex(found.image), np.uint8)
    colours = np.frombuffer(bytes.fromhex(found.colours), np.uint8).reshape(4, 4, 3)
    return np.void((image, *hashes, colours), PRINT)


def likeness(one: np.void, others: NDArray[Any], settings: Duplicates) -> list[Reason | None]:
    """Return the kind of duplicates that `one` and each of `others` (one dimension) are, None where they are none."""
    exact = (others["image"] == one["image"]).all(axis=-1)
    near = _near(one, others, settings.bits)
    mirrored = _mirrored(one, others, settings.bits) if settings.mirrored else np.zeros_like(near)
    kinds = np.select([exact, near, mirrored], [1, 2, 3], 0)
    reasons = (None, Reason.EXACT_DUPLICATE, Reason.NEAR_DUPLICATE, Reason.MIRRORED_DUPLICATE)
    return [reasons[kind] for kind in kinds]


def _near(one: np.void, others: NDArray[Any], bits: int) -> Flags:
    phash = np.bitwise_count(one["phash"] ^ others["phash"])
    dhash = np.bitwise_count(one["dhash"] ^ others["dhash"])
    return _agree(phash, dhash, bits) & _same_colours(one["colours"], others["colours"], phash)


def _mirrored(one: np.void, others: NDArray[Any], bits: int) -> Flags:
    phash = _crosswise("phash", one, others)
    dhash = _crosswise("dhash", one, others)
    return _agree(phash, dhash, bits) & _same_colours(one["colours"][:, ::-1], others["colours"], phash)


def _crosswise(name: str, one: np.void, others: NDArray[Any]) -> Bits:
    """Count the differing bits of hash `name` to the mirror image's; the smaller way round, so that it is symmetric."""
    there = np.bitwise_count(one[f"mirrored_{name}"] ^ others[name])
    back = np.bitwise_count(one[name] ^ others[f"mirrored_{name}"])
    nearer: Bits = np.minimum(there, back)
    return nearer


def _agree(phash: Bits, dhash: Bits, bits: int) -> Flags:
    return (phash <= bits) & (dhash <= MOST_DHASH_BITS)


def _same_colours(mine: NDArray[np.uint8], theirs: NDArray[np.uint8], phash: Bits) -> Flags:
    """Return whether 4x4 colours agree in their tints and roughly in their levels, one flag for each of `theirs`."""
    a, b = mine.astype(np.float32)[None], theirs.astype(np.float32)
    levels = np.abs(a - b).mean(axis=(1, 2, 3))
    most_tint = np.where(phash <= SURE_BITS, MOST_TINT, MOST_TINT_WHEN_UNSURE)
    same: Flags = (levels <= MOST_LEVELS) & (_tint_difference(a, b) <= most_tint)
    return same


def _tint_difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the difference of tints as a share of the stronger one: small for a brighter copy, 1 for a grey one."""
    a, b = _tint(a), _tint(b)
    strength = np.maximum(np.abs(a).mean(axis=(1, 2, 3)), np.abs(b).mean(axis=(1, 2, 3)))
    difference: NDArray[np.float32] = np.abs(a - b).mean(axis=(1, 2, 3)) / np.maximum(strength, FAINT)
    return difference


def _tint(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the opponent colours red - green and yellow - blue: zero for grey, whatever its brightness."""
    red, green, blue = np.moveaxis(colours, -1, 0)
    return np.stack([red - green, (red + green) / 2 - blue], axis=-1)
