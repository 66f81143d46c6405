"""The layers of both networks, as functions of a network's variables and the scope of one layer.

Weights are stored raw and scaled by 1/sqrt(fan-in) here (equalised learning rate). Maps are NHWC and decide in which
precision a convolution is computed: float32, or bfloat16, which needs no clamping and no scaling of the loss, as its
exponent is float32's. Styles and demodulation are float32 in either case.

What a layer's output is multiplied with is given to its weights and bias instead, as `gain`: for g > 0, g lrelu(x) is
lrelu(g x), and a pass over the maps is saved.
"""

import math

from keras import ops

from shared.stylegan2 import fir
from shared.stylegan2.backend import Tensor, Variables

GAIN = math.sqrt(2)
"""Gain of a layer with leaky ReLU, so that the variance stays."""


def lrelu(x: Tensor) -> Tensor:
    """Apply leaky ReLU, slope 0.2, with its gain, to `x`."""
    return ops.leaky_relu(x, 0.2) * GAIN


def dense(variables: Variables, scope: str, x: Tensor, lrmul: float = 1.0) -> Tensor:
    """Apply a linear layer with bias to `x`: [N, in] to [N, out]."""
    return ops.matmul(x, _scaled(variables[f"{scope}/weight"], lrmul)) + variables[f"{scope}/bias"] * lrmul


def convolution(variables: Variables, scope: str, x: Tensor, gain: float = 1.0) -> Tensor:
    """Convolve `x`, keeping its size, without bias."""
    weight = ops.cast(_scaled(variables[f"{scope}/weight"], gain), x.dtype)
    return ops.conv(x, weight, padding="same", data_format="channels_last")


def activated(variables: Variables, scope: str, x: Tensor, clamp: float | None = None) -> Tensor:
    """Add bias and apply leaky ReLU to maps that have its gain already; clip to +-`clamp` (stylegan2-ada's)."""
    bias = ops.cast(variables[f"{scope}/bias"] * GAIN, x.dtype)
    return clamped(ops.leaky_relu(x + bias, 0.2), clamp)


def clamped(x: Tensor, most: float | None) -> Tensor:
    """Clip `x` to +-`most`; None leaves it as it is."""
    return x if most is None else ops.clip(x, -most, most)


def down_convolution(variables: Variables, scope: str, x: Tensor, gain: float = 1.0) -> Tensor:
    """Filter `x`, then convolve it 3x3 with stride 2; padded once, before both."""
    weight = ops.cast(_scaled(variables[f"{scope}/weight"], gain), x.dtype)
    return ops.conv(fir.blur(x, pad=2), weight, strides=2, padding="valid", data_format="channels_last")


def modulated(variables: Variables, scope: str, x: Tensor, w: Tensor, up: bool = False, gain: float = 1.0) -> Tensor:
    """Convolve maps 3x3, modulated by the style of `w` [N, w_size] and demodulated; to twice the size if `up`.

    Scales the activations, not the weights: d = rsqrt(sum over in of s^2 * sum over kernel of weight^2) is the same
    number and needs no weights per sample.
    """
    weight = _scaled(variables[f"{scope}/weight"])
    style = _style(variables, scope, w)
    energy = ops.matmul(ops.square(style), ops.sum(ops.square(weight), axis=(0, 1)))
    x, weight = _per_channel(x, style), ops.cast(weight, x.dtype)
    x = _up_convolution(x, weight) if up else ops.conv(x, weight, padding="same", data_format="channels_last")
    return _per_channel(x, ops.rsqrt(energy + 1e-8) * gain)


def to_rgb(variables: Variables, scope: str, x: Tensor, w: Tensor, clamp: float | None = None) -> Tensor:
    """Convolve `x` 1x1, modulated, not demodulated: [N, H, W, C] to float32 [N, H, W, num_channels]."""
    x = convolution(variables, scope, _per_channel(x, _style(variables, scope, w)))
    return clamped(ops.cast(x, "float32") + variables[f"{scope}/bias"], clamp)


def _per_channel(x: Tensor, factors: Tensor) -> Tensor:
    return x * ops.cast(factors, x.dtype)[:, None, None, :]


def _up_convolution(x: Tensor, weight: Tensor) -> Tensor:
    """Convolve `x` transposed with stride 2 to 2H + 1, then filter it with gain 4.

    The official kernel correlates, hence the flip.
    """
    flipped = ops.transpose(ops.flip(weight * 4.0, axis=(0, 1)), (0, 1, 3, 2))
    x = ops.conv_transpose(x, flipped, strides=2, padding="valid", data_format="channels_last")
    return fir.blur(x, pad=1)


def _style(variables: Variables, scope: str, w: Tensor) -> Tensor:
    weight = _scaled(variables[f"{scope}/mod_weight"])
    return ops.matmul(w, weight) + variables[f"{scope}/mod_bias"] + 1.0


def _scaled(weight: Tensor, gain: float = 1.0) -> Tensor:
    return weight * (gain / math.sqrt(math.prod(weight.shape[:-1])))
