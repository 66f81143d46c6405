"""Low-pass filtering with [1, 3, 3, 1], as upfirdn in the official project: zero padding, one axis after the other.

Each pass adds four shifted slices: plain element-wise work that XLA fuses, where a depthwise convolution has a slow
gradient (jax#13800). Pictures are NHWC.
"""

from typing import Any

from keras import ops

Tensor = Any

_ROWS_AND_COLUMNS = (1, 2)


def blur(x: Tensor, pad: int, gain: float = 1.0) -> Tensor:
    """Filter [N, H, W, C] after `pad` px of zeros on every side; `gain` multiplies the sum of the 2-D kernel (1)."""
    for axis in _ROWS_AND_COLUMNS:
        x = _filter(_pad(x, axis, pad, pad), axis, stride=1, gain=gain**0.5)
    return x


def downsample(x: Tensor) -> Tensor:
    """Filter and keep every second pixel: [N, H, W, C] to [N, H/2, W/2, C]."""
    for axis in _ROWS_AND_COLUMNS:
        x = _filter(_pad(x, axis, 1, 1), axis, stride=2, gain=1.0)
    return x


def upsample(x: Tensor) -> Tensor:
    """Double both sides, as zero insertion, filter and gain 4 would: [N, H, W, C] to [N, 2H, 2W, C]."""
    for axis in _ROWS_AND_COLUMNS:
        x = _double(x, axis)
    return x


def _double(x: Tensor, axis: int) -> Tensor:
    """The filter meets zeros at every second place, so the even and odd outputs need two taps each."""
    padded, near = _pad(x, axis, 1, 1), 0.75 * x
    count = x.shape[axis]
    even = near + 0.25 * _every(padded, axis, 0, count, 1)
    odd = near + 0.25 * _every(padded, axis, 2, count, 1)
    shape = list(x.shape)
    shape[axis] *= 2
    return ops.reshape(ops.stack([even, odd], axis=axis + 1), shape)


def _filter(x: Tensor, axis: int, stride: int, gain: float) -> Tensor:
    count = (x.shape[axis] - 4) // stride + 1
    a, b, c, d = (_every(x, axis, start, count, stride) for start in range(4))
    return (a + d) * (0.125 * gain) + (b + c) * (0.375 * gain)


def _every(x: Tensor, axis: int, start: int, count: int, stride: int) -> Tensor:
    stop = start + (count - 1) * stride + 1
    return x[(slice(None),) * axis + (slice(start, stop, stride),)]


def _pad(x: Tensor, axis: int, before: int, after: int) -> Tensor:
    widths = [(0, 0)] * 4
    widths[axis] = (before, after)
    return ops.pad(x, widths)
