"""Low-pass filtering with [1, 3, 3, 1] / 8 along rows and columns, as the official upfirdn does it, with zero padding.

Pictures are NHWC.
"""

import numpy as np
from keras import ops

from shared.stylegan2.backend import HAS_ACCELERATOR, ON_JAX, Tensor, filtered_by_tensorflow, transposable

_TAPS = np.array([1, 3, 3, 1], np.float32) / 8

_BY_DEPTHWISE = not (HAS_ACCELERATOR or ON_JAX)
"""TensorFlow's own depthwise convolution takes a third of the time that shifting does on a CPU (measured); XLA's, which
GPUs and JAX have, is slow forwards and slower backwards (jax#13800), and fuses what is shifted."""


def blur(x: Tensor, pad: int) -> Tensor:
    """Filter `x` after `pad` px of zeros on every side: [N, H, W, C] to [N, H + 2 pad - 3, W + 2 pad - 3, C]."""
    # The kernel is symmetric, so the gradient of a filter is a filter: to say so spares the gradients of padding.
    return transposable(x, lambda x: _filtered(x, pad), lambda slope: blur(slope, 3 - pad))


def downsample(x: Tensor) -> Tensor:
    """Filter and keep every second pixel: [N, H, W, C] to [N, H/2, W/2, C]."""
    if _BY_DEPTHWISE:
        return by_depthwise(_padded(x, 1), 2)
    return transposable(x, lambda x: by_shifting(_padded(x, 1), 2), lambda slope: upsample(slope) * 0.25)


def upsample(x: Tensor) -> Tensor:
    """Double both sides of `x`, as zero insertion, filter and gain 4 would: [N, H, W, C] to [N, 2H, 2W, C]."""
    return transposable(x, lambda x: _double(_double(x, 1), 2), lambda slope: downsample(slope) * 4.0)


def _filtered(x: Tensor, pad: int) -> Tensor:
    return by_depthwise(x, 1, pad) if _BY_DEPTHWISE else by_shifting(_padded(x, pad), 1)


def by_shifting(x: Tensor, stride: int) -> Tensor:
    """Filter `x` as sums of shifted slices, plain element-wise work that XLA fuses."""
    for axis in (1, 2):
        count = (x.shape[axis] - 4) // stride + 1
        a, b, c, d = (_every(x, axis, start, count, stride) for start in range(4))
        x = (a + d) * 0.125 + (b + c) * 0.375
    return x


def by_depthwise(x: Tensor, stride: int, pad: int = 0) -> Tensor:
    """Filter `x` by a convolution of every channel by itself; on TensorFlow alone."""
    kernel = np.repeat(np.outer(_TAPS, _TAPS)[:, :, None, None], x.shape[3], axis=2)
    return filtered_by_tensorflow(x, ops.cast(ops.convert_to_tensor(kernel), x.dtype), stride, pad)


def _double(x: Tensor, axis: int) -> Tensor:
    """Double `x` along `axis`: the filter meets a zero at every second place, so each output needs two taps."""
    widths = [(0, 0)] * 4
    widths[axis] = (1, 1)
    padded, near, count = ops.pad(x, widths), 0.75 * x, x.shape[axis]
    even = near + 0.25 * _every(padded, axis, 0, count, 1)
    odd = near + 0.25 * _every(padded, axis, 2, count, 1)
    shape = list(x.shape)
    shape[axis] *= 2
    return ops.reshape(ops.stack([even, odd], axis=axis + 1), shape)


def _every(x: Tensor, axis: int, start: int, count: int, stride: int) -> Tensor:
    stop = start + (count - 1) * stride + 1
    return x[(slice(None),) * axis + (slice(start, stop, stride),)]


def _padded(x: Tensor, pad: int) -> Tensor:
    return ops.pad(x, [(0, 0), (pad, pad), (pad, pad), (0, 0)])
