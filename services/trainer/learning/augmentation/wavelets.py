"""The filters of the augmentations: to twice the size and back, and a bank of four bands.

The taps are those of Daubechies' least asymmetric wavelets, as PyWavelets has them (`dec_lo` of sym2 and sym6). They
sum to sqrt(2) and are orthonormal to their shifts by 2.
"""

import functools

import numpy as np
from keras import ops
from numpy.typing import NDArray

from shared.stylegan2.backend import Tensor, transposable

SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)
SYM6 = (
    *(0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633),
    *(0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252),
    *(-0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148),
)
TAPS_BEFORE = 5
"""Number of the 12 taps of SYM6 before the pixel that they belong to ("SAME" padding in the official program)."""

ENDS = 6
"""Number of samples at each end of a line that have taps beyond it."""

MARGIN = 10
"""A picture of size R is made of 2 R + MARGIN samples, of which the first lies TAPS_BEFORE before the first pixel."""


def upsampled(pictures: Tensor) -> Tensor:
    """Double the size of the reflected pictures: [N, R, R, C] to [N, 4(R-1) + 2 ENDS, 4(R-1) + 2 ENDS, C], R > 3.

    `place_of` finds a sample. Contrast is halved; `halved` doubles it.
    """
    for axis in (1, 2):
        pictures = _doubled_line(pictures, axis)
    return pictures


def place_of(sample: Tensor, size: int) -> Tensor:
    """Return the index in `upsampled` of `sample`, in half pixels from the first pixel, -2(R-1) to 4(R-1) + 1.

    Within that, R - 1 pixels of reflection to each side, lie a period of the endless reflection and a half. SYM6 is not
    symmetric, so the second half of a period is no mirror image of the first. Only at the ends, beyond which there is
    nothing, the samples are others than in the period; they come after it.
    """
    period, reach = 4 * (size - 1), 2 * (size - 1)
    place = ops.where(sample < 0, sample + period, sample)
    place = ops.where(sample < ENDS - reach, sample + reach + period, place)
    return ops.where(sample > period + 1 - ENDS, sample + 2 * ENDS - 2, place)


def halved(samples: Tensor) -> Tensor:
    """Filter and keep every second sample, without padding: [N, 2R + MARGIN, 2R + MARGIN, C] to [N, R, R, C]."""
    for axis in (1, 2):
        samples = _every_second(samples, axis)
    return samples


@functools.cache
def bands() -> NDArray[np.float64]:
    """Return four symmetric band-passes [4, 43] of SYM2, lowest band first; their sum is the identity."""
    signs = (-1.0) ** np.arange(len(SYM2))
    low = np.convolve(SYM2, SYM2[::-1]) / 2
    high = np.convolve(SYM2 * signs, (SYM2 * signs)[::-1]) / 2
    rows = [np.ones(1)]
    for _ in range(3):
        rows = [np.convolve(_spaced(row), low) for row in rows]
        beside = np.zeros((len(rows[0]) - len(high)) // 2)
        rows.append(np.concatenate([beside, high, beside]))
    return np.stack(rows)


def _spaced(taps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Insert zeros between the taps."""
    spaced = np.zeros(2 * len(taps) - 1)
    spaced[::2] = taps
    return spaced


def _doubled_line(x: Tensor, axis: int) -> Tensor:
    """Double lines along `axis`: first a period, of pixels 0 to 2R - 3, then the ends, at pixels 1 - R and 2R - 2."""
    size = x.shape[axis]
    period = ops.concatenate([x, ops.flip(_part(x, axis, 1, size - 1), axis=axis)], axis=axis)
    count = period.shape[axis]
    line = ops.concatenate([_part(period, axis, count - 3, count), period, _part(period, axis, 0, 3)], axis=axis)
    # Pixel i is in place i + 3, and a spread line begins TAPS_BEFORE samples before its first pixel.
    first_end = _spread(_part(line, axis, size + 2, size + 8), axis)
    last_end = _spread(_part(line, axis, count - 2, count + 4), axis)
    parts = [
        _part(_spread(line, axis), axis, TAPS_BEFORE + 6, TAPS_BEFORE + 6 + 2 * count),
        _part(first_end, axis, TAPS_BEFORE, TAPS_BEFORE + ENDS),
        _part(last_end, axis, TAPS_BEFORE + 6, TAPS_BEFORE + 6 + ENDS),
    ]
    return ops.concatenate(parts, axis=axis)


def _every_second(x: Tensor, axis: int) -> Tensor:
    """Filter with SYM6 and keep every second sample along `axis`: [L] to [(L - 10) / 2]."""
    return transposable(x, lambda x: _correlated(x, axis), lambda slope: _spread(slope, axis))


def _spread(x: Tensor, axis: int) -> Tensor:
    """Apply the transpose of `_every_second` along `axis`: [L] to [2 L + 10]."""
    return transposable(x, lambda x: _interleaved(x, axis), lambda slope: _every_second(slope, axis))


def _correlated(x: Tensor, axis: int) -> Tensor:
    count = (x.shape[axis] - MARGIN) // 2
    return sum(tap * _part(x, axis, start, start + 2 * count - 1, 2) for start, tap in enumerate(SYM6))


def _interleaved(x: Tensor, axis: int) -> Tensor:
    """Compute `_spread`: of two neighbouring samples one meets the even taps and one the odd taps."""
    count = x.shape[axis] + len(SYM6) // 2 - 1
    padded = _padded(x, axis, len(SYM6) // 2 - 1)
    phases = [
        sum(tap * _part(padded, axis, start, start + count) for start, tap in enumerate(reversed(SYM6[phase::2])))
        for phase in (0, 1)
    ]
    shape = list(x.shape)
    shape[axis] = 2 * count
    return ops.reshape(ops.stack(phases, axis=axis + 1), shape)


def _padded(x: Tensor, axis: int, pad: int) -> Tensor:
    widths = [(0, 0)] * 4
    widths[axis] = (pad, pad)
    return ops.pad(x, widths)


def _part(x: Tensor, axis: int, start: int, stop: int, step: int = 1) -> Tensor:
    return x[(slice(None),) * axis + (slice(start, stop, step),)]
