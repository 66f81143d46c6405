"""The levels of detail of a picture, bit for bit those of the official data set tool."""

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.errors import Misfit
from shared.stylegan2.example import Picture

SMALLEST_LOG2 = 2
"""Base-2 logarithm of the smallest level: the official reader asks for every level down to 4 x 4."""

_SMALLEST = 1 << SMALLEST_LOG2
_INTEGER_LEVELS = 4  # sums of up to 4**4 pixels fit 16 bits: 255 * 256, and 128 for the rounding


def pyramid(picture: Picture) -> tuple[Picture, ...]:
    """Return the picture, uint8 [C, H, W], and its copies of half the size each, down to 4 x 4.

    The official tool halves in float32, `(a + b + c + d) * 0.25` over the previous level before its rounding, and
    rounds each written copy half to even. Here the large levels are sums of pixels in 16 bits: the same numbers
    without their fractions, in half the time (measured).
    Raises Misfit unless the sides are equal, a power of two, and 4 or more.
    """
    if not has_levels(*picture.shape[1:]):
        raise Misfit(f"A picture of {picture.shape[2]} x {picture.shape[1]} has no levels of detail.")
    levels = [picture]
    sums: NDArray[np.uint8] | NDArray[np.uint16] = picture
    while sums.shape[1] > _SMALLEST and len(levels) <= _INTEGER_LEVELS:
        sums = _sums_of_four(sums)
        levels.append(_rounded(sums, bits=2 * len(levels)))
    means = sums.astype(np.float32) / np.float32(4 ** (len(levels) - 1))
    while means.shape[1] > _SMALLEST:
        means = _means_of_four(means)
        levels.append(np.rint(means).astype(np.uint8))
    return tuple(levels)


def has_levels(height: int, width: int) -> bool:
    """Return whether a picture of this size can be halved down to 4 x 4."""
    return height == width >= _SMALLEST and height.bit_count() == 1


def _sums_of_four(sums: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint16]:
    # Whole rows first: that addition is contiguous and leaves half the numbers for the strided one.
    rows: NDArray[np.uint16] = np.add(sums[:, 0::2], sums[:, 1::2], dtype=np.uint16)
    return rows[:, :, 0::2] + rows[:, :, 1::2]


def _rounded(sums: NDArray[np.uint16], bits: int) -> Picture:
    # sums / 2**bits, half to even: an odd quotient lets an exact half reach the next one.
    odd = sums >> bits & 1
    return ((sums + odd + ((1 << bits - 1) - 1)) >> bits).astype(np.uint8)


def _means_of_four(means: NDArray[np.float32]) -> NDArray[np.float32]:
    # In the order of the official tool: beyond 1024 px the sums no longer fit the 24 bits of a float32.
    top, bottom = means[:, 0::2], means[:, 1::2]
    return (top[:, :, 0::2] + top[:, :, 1::2] + bottom[:, :, 0::2] + bottom[:, :, 1::2]) * np.float32(0.25)
