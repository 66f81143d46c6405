"""Colour operators of ADA: brightness, contrast, luma flip, hue and saturation, as one affine map per picture."""

import functools
import math
from collections.abc import Callable

from keras import ops

from services.trainer.learning.augmentation.gated_draws import GatedDraws
from services.trainer.learning.augmentation.matrices import matrices, product
from services.trainer.learning.augmentation.pipe import Pipe
from shared.stylegan2.backend import Tensor


def recolored(pictures: Tensor, gated: GatedDraws, pipe: Pipe) -> Tensor:
    """Apply the colour operators of `pipe` to `pictures` [N, H, W, C]; hue and saturation skip grey pictures."""
    if pictures.shape[3] == 1:
        pipe &= ~(Pipe.HUE | Pipe.SATURATION)
    drawn = [draw(gated) for operator, draw in _OPERATORS if operator in pipe]
    return _mapped(pictures, functools.reduce(lambda done, step: product(step, done), drawn)) if drawn else pictures


def _mapped(pictures: Tensor, colors: Tensor) -> Tensor:
    """Map colours (r, g, b, 1) by `colors` [N, 4, 4]. Grey has r = g = b, and becomes the mean of the three."""
    linear, offset = colors[:, :3, :3], colors[:, :3, 3]
    if pictures.shape[3] == 1:
        linear = ops.sum(linear, axis=(1, 2), keepdims=True) / 3
        offset = ops.mean(offset, axis=1, keepdims=True)
    # Not `matmul`, which a GPU would round to TF32.
    mixed = sum(pictures[..., k : k + 1] * linear[:, None, None, :, k] for k in range(pictures.shape[3]))
    return mixed + offset[:, None, None, :]


# Below, the map of each operator. All treat the three channels alike, so that a row is the one above moved by a place.


def _brightness(gated: GatedDraws) -> Tensor:
    return _map(gated, offset=gated.normal(0.2))


def _contrast(gated: GatedDraws) -> Tensor:
    return _map(gated, ops.power(2.0, gated.normal(0.5)))


def _lumaflip(gated: GatedDraws) -> Tensor:
    """Return Householder's reflection along the grey axis: bright and dark change places, hue and saturation stay."""
    flip = gated.integer(2) * (2 / 3)
    return _map(gated, 1 - flip, -flip, -flip)


def _hue(gated: GatedDraws) -> Tensor:
    """Return Rodrigues' rotation about the grey axis."""
    angle = gated.uniform(-math.pi, math.pi)
    cosine, sine = ops.cos(angle), ops.sin(angle) / math.sqrt(3)
    grey = (1 - cosine) / 3
    return _map(gated, grey + cosine, grey - sine, grey + sine)


def _saturation(gated: GatedDraws) -> Tensor:
    """Return a scaling of the distance from the grey axis."""
    more = (ops.power(2.0, gated.normal(1.0)) - 1) / 3
    return _map(gated, 1 + 2 * more, -more, -more)


_OPERATORS: tuple[tuple[Pipe, Callable[[GatedDraws], Tensor]], ...] = (
    (Pipe.BRIGHTNESS, _brightness),
    (Pipe.CONTRAST, _contrast),
    (Pipe.LUMAFLIP, _lumaflip),
    (Pipe.HUE, _hue),
    (Pipe.SATURATION, _saturation),
)


def _map(
    gated: GatedDraws,
    own: Tensor | float = 1.0,
    following: Tensor | float = 0.0,
    preceding: Tensor | float = 0.0,
    offset: Tensor | float = 0.0,
) -> Tensor:
    """Return matrices [N, 4, 4]: a channel becomes `own` of it, shares of its neighbours (cyclic) and `offset`."""
    rows = (own, following, preceding), (preceding, own, following), (following, preceding, own)
    return matrices(gated.count, [*((*row, offset) for row in rows), (0.0, 0.0, 0.0, 1.0)])
