"""The beginning of both mapping networks: vectors brought to one length, and the labels of stylegan2-ada as such."""

from keras import ops

from shared.stylegan2.backend import Tensor, Variables
from shared.stylegan2.layers import dense


def unit(x: Tensor) -> Tensor:
    """Scale rows [N, C] to a mean square of 1 (normalize_2nd_moment in the official project)."""
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=1, keepdims=True) + 1e-8)


def embedded(variables: Variables, scope: str, labels: Tensor) -> Tensor:
    """Embed one-hot labels [N, label_size] as rows of unit mean square (LabelEmbed in stylegan2-ada's networks)."""
    return unit(dense(variables, scope, labels))
