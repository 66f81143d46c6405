"""Operators of ADA that corrupt pictures: white noise and cutout."""

from keras import ops

from services.trainer.learning.augmentation.gated_draws import GatedDraws
from shared.stylegan2.backend import Tensor


def noisy(pictures: Tensor, gated: GatedDraws) -> Tensor:
    """Add white noise to `pictures` [N, R, R, C]; its deviation is itself drawn: |N(0, 0.1)|."""
    deviation = ops.reshape(ops.abs(gated.normal(0.1)), (-1, 1, 1, 1))
    return pictures + gated.source.normal(pictures.shape) * deviation


def cut_out(pictures: Tensor, gated: GatedDraws) -> Tensor:
    """Set a square of half the size to 0 in `pictures` [N, R, R, C], about a uniform centre, perhaps partly outside."""
    side = gated.constant(0.5)[:, None]
    centre = gated.source.uniform((gated.count, 2))
    line = ((ops.arange(pictures.shape[1], dtype="float32") + 0.5) / pictures.shape[1])[None, :]
    x_outside, y_outside = (ops.abs(line - centre[:, axis, None]) >= side / 2 for axis in (0, 1))
    return ops.where(ops.logical_or(x_outside[:, None, :], y_outside[:, :, None])[..., None], pictures, 0.0)
