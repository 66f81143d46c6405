"""A distance of pictures as they look, from what a discriminator sees in them and from their pixels.

The official projector takes LPIPS, whose VGG network is not among what Magritte has. Here the maps of D at every
resolution take its place, compared as LPIPS compares VGG's (Zhang et al. 2018): the maps at a place as a vector of
length 1, squared differences, means over all places. D has learnt what matters in pictures of this very character, but
not for comparing: it is indifferent to much of colour and position. Hence the pixels, at every resolution too.
"""

from keras import ops

from shared.stylegan2 import discriminator
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.backend import Tensor, Variables

PIXELS = 1.0
"""Weight of the pixels' part of the distance, whose other part has the weight 1."""


def appearance(architecture: Architecture, variables: Variables, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Return D's maps [N, H, W, maps] of pictures [N, R, R, num_channels], -1 to 1, and the pictures, from R to 4 px.

    Maps are unit vectors at each place. `variables` are D's.
    """
    maps, pyramid = list(discriminator.maps(architecture, variables, pictures)), [pictures]
    while pyramid[-1].shape[1] > 4:
        pyramid.append(ops.average_pool(pyramid[-1], 2, 2, data_format="channels_last"))
    return [_unit(each) for each in maps], pyramid


def distance(first: tuple[list[Tensor], list[Tensor]], second: tuple[list[Tensor], list[Tensor]]) -> Tensor:
    """Return the distance [N] of pictures by their appearances: 0 for the same, about 1 for unrelated ones."""
    maps, pixels = ([_squares(*pair) for pair in zip(*parts, strict=True)] for parts in zip(first, second, strict=True))
    return sum(maps) / len(maps) + PIXELS * sum(pixels) / len(pixels)


def _unit(maps: Tensor) -> Tensor:
    return maps * ops.rsqrt(ops.sum(ops.square(maps), axis=3, keepdims=True) + 1e-8)


def _squares(first: Tensor, second: Tensor) -> Tensor:
    return ops.mean(ops.sum(ops.square(first - second), axis=3), axis=(1, 2))
