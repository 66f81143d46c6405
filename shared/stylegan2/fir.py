"""Low-pass filtering with [1, 3, 3, 1] / 8 along rows and columns, as the official upfirdn does it, with zero padding.

Pictures are NHWC. The kernel is symmetric, so the gradient of a filter is a filter: to say so spares TensorFlow the
gradients of slices, and a training step on a CPU half of its time (measured).
"""

from keras import ops

from shared.stylegan2.differentiation import HAS_ACCELERATOR, Tensor, transposable


def blur(x: Tensor, pad: int) -> Tensor:
    """Filter after `pad` px of zeros on every side: [N, H, W, C] to [N, H + 2 pad - 3, W + 2 pad - 3, C]."""
    return transposable(x, lambda x: _filter(_padded(x, pad), 1), lambda slope: blur(slope, 3 - pad))


def downsample(x: Tensor) -> Tensor:
    """Filter and keep every second pixel: [N, H, W, C] to [N, H/2, W/2, C]."""
    return transposable(x, lambda x: _filter(_padded(x, 1), 2), lambda slope: upsample(slope) * 0.25)


def upsample(x: Tensor) -> Tensor:
    """Double both sides, as zero insertion, filter and gain 4 would: [N, H, W, C] to [N, 2H, 2W, C]."""
    return transposable(x, lambda x: _double(_double(x, 1), 2), lambda slope: downsample(slope) * 4.0)


def by_shifting(x: Tensor, stride: int) -> Tensor:
    """The filter as sums of shifted slices, plain element-wise work that XLA fuses."""
    for axis in (1, 2):
        count = (x.shape[axis] - 4) // stride + 1
        a, b, c, d = (_every(x, axis, start, count, stride) for start in range(4))
        x = (a + d) * 0.125 + (b + c) * 0.375
    return x


def by_pooling(x: Tensor, stride: int) -> Tensor:
    """The filter as three 2x2 averages, for [1, 3, 3, 1] / 8 is [1, 1] / 2 three times over."""
    for step in (1, 1, stride):
        x = ops.average_pool(x, 2, strides=step, padding="valid", data_format="channels_last")
    return x


# On a CPU, without XLA, pooling costs a third of the shifted slices (measured). The third way, a depthwise convolution,
# is slow under XLA: jax#13800.
_filter = by_shifting if HAS_ACCELERATOR else by_pooling


def _double(x: Tensor, axis: int) -> Tensor:
    """The filter meets zeros at every second place, so the even and odd outputs need two taps each."""
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
