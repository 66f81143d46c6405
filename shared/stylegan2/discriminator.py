"""The residual discriminator."""

import math
from collections import deque
from collections.abc import Iterator

from keras import ops

from shared.stylegan2 import fir
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.backend import Tensor, Variables
from shared.stylegan2.embedding import embedded
from shared.stylegan2.layers import GAIN, activated, convolution, dense, down_convolution, lrelu


def scores(
    architecture: Architecture, variables: Variables, pictures: Tensor, labels: Tensor, precision: str = "float32"
) -> Tensor:
    """Score pictures [N, R, R, num_channels] from -1 to 1 with one-hot labels [N, label_size]: logits [N, 1].

    A score depends on the other pictures of the batch, through the minibatch standard deviation. `precision` is that
    of the convolutions down to 4x4; from there on all is float32.
    """
    x = features(architecture, variables, pictures, precision)
    deviation = minibatch_stddev(x, architecture.mbstd_group_size, architecture.mbstd_num_features)
    x = _layer(variables, "4x4/Conv", ops.concatenate([x, deviation], axis=3), architecture.conv_clamp)
    x = ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (x.shape[0], -1))
    x = lrelu(dense(variables, "4x4/Dense0", x))
    x = dense(variables, "Output", x)
    if not architecture.label_size:
        return x
    if architecture.cmap_fmaps:
        labels = _mapped(architecture, variables, labels) * (1 / math.sqrt(architecture.cmap_fmaps))
    return ops.sum(x * labels, axis=1, keepdims=True)


def features(architecture: Architecture, variables: Variables, pictures: Tensor, precision: str = "float32") -> Tensor:
    """Find the maps of pictures [N, R, R, num_channels] at 4x4: [N, 4, 4, maps], each picture's on its own."""
    (last,) = deque(maps(architecture, variables, ops.cast(pictures, precision)), maxlen=1)
    return ops.cast(last, "float32")


def maps(architecture: Architecture, variables: Variables, pictures: Tensor) -> Iterator[Tensor]:
    """Yield the maps [N, H, W, maps] of pictures, each picture's on its own, from full size down to 4x4."""
    top = f"{architecture.resolution}x{architecture.resolution}"
    x = _layer(variables, f"{top}/FromRGB", pictures, architecture.conv_clamp)
    yield x
    for side in reversed(architecture.sides[1:]):
        x = _block(variables, f"{side}x{side}", x, architecture.conv_clamp)
        yield x


def _mapped(architecture: Architecture, variables: Variables, labels: Tensor) -> Tensor:
    """Map labels as stylegan2-ada's D does: [N, label_size] to [N, cmap_fmaps]."""
    x = embedded(variables, "LabelEmbed", labels)
    for layer in range(architecture.cmap_layers):
        x = lrelu(dense(variables, f"Mapping{layer}", x, architecture.cmap_lrmul))
    return x


def scaled(pictures: Tensor) -> Tensor:
    """Scale uint8 pictures as D takes them, in training and afterwards: 0 .. 255 to -1 .. 1."""
    return ops.cast(pictures, "float32") * (2 / 255) - 1


def minibatch_stddev(x: Tensor, group_size: int, num_features: int) -> Tensor:
    """Return the standard deviation within each group, as maps [N, H, W, num_features]; N is a multiple of the group.

    Groups are strided: of N samples in groups of g, sample n is in group n mod (N / g). g is at most N.
    """
    count, height, width, channels = x.shape
    group = min(group_size, count)
    if count % group:
        raise ValueError(f"a batch of {count} is not a multiple of the minibatch-stddev group of {group}")
    y = ops.reshape(x, (group, count // group, height, width, num_features, channels // num_features))
    y = ops.mean(ops.square(y - ops.mean(y, axis=0, keepdims=True)), axis=0)
    y = ops.mean(ops.sqrt(y + 1e-8), axis=(1, 2, 4))
    return ops.tile(y[:, None, None, :], (group, height, width, 1))


def _block(variables: Variables, scope: str, x: Tensor, clamp: float | None) -> Tensor:
    shortcut = convolution(variables, f"{scope}/Skip", fir.downsample(x))
    x = _layer(variables, f"{scope}/Conv0", x, clamp)
    x = activated(variables, f"{scope}/Conv1_down", down_convolution(variables, f"{scope}/Conv1_down", x, GAIN), clamp)
    return (x + shortcut) * math.sqrt(0.5)


def _layer(variables: Variables, scope: str, x: Tensor, clamp: float | None) -> Tensor:
    return activated(variables, scope, convolution(variables, scope, x, GAIN), clamp)
