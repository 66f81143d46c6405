"""The losses, per sample. Each takes networks as functions, so that it needs to know nothing of their variables."""

from collections.abc import Callable
from typing import NamedTuple

from keras import ops

from shared.stylegan2.backend import Tensor, gradient


def generator_logistic(fake_scores: Tensor) -> Tensor:
    """Return the non-saturating logistic loss of G (Goodfellow et al. 2014): [N, 1]."""
    return ops.softplus(-fake_scores)


def discriminator_logistic(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return the logistic loss of D: [N, 1]."""
    return ops.softplus(fake_scores) + ops.softplus(-real_scores)


def r1_penalty(scores: Callable[[Tensor], Tensor], reals: Tensor) -> Tensor:
    """Return the squared gradient of the score by the real picture (Mescheder et al. 2018): [N]. Weight: gamma / 2."""
    slopes = gradient(lambda x: ops.sum(scores(x)), reals)
    return ops.sum(ops.square(slopes), axis=(1, 2, 3))


class PathLength(NamedTuple):
    """`penalty` [N], the updated running `mean` [] and the `lengths` [N]."""

    penalty: Tensor
    mean: Tensor
    lengths: Tensor


def path_length(
    synthesis: Callable[[Tensor], Tensor], w: Tensor, noise: Tensor, mean: Tensor, decay: float = 0.01
) -> PathLength:
    """Compute the path length penalty (Karras et al. 2020, section 3.2) for w [N, num_ws, w_size].

    `noise` is N(0, 1) in the shape of the pictures. The gradient flows through the update of the mean, as officially.
    """
    scale = (noise.shape[1] * noise.shape[2]) ** -0.5
    slopes = gradient(lambda w: ops.sum(synthesis(w) * noise) * scale, w)
    lengths = ops.sqrt(ops.mean(ops.sum(ops.square(slopes), axis=2), axis=1))
    mean = mean + decay * (ops.mean(lengths) - mean)
    return PathLength(ops.square(lengths - mean), mean, lengths)
