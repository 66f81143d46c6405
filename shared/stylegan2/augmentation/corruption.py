"""Noise, and a hole."""

from keras import ops

from shared.stylegan2.augmentation.lots import Lots
from shared.stylegan2.backend import Tensor


def noisy(pictures: Tensor, lots: Lots) -> Tensor:
    """With white noise on [N, R, R, C], whose deviation is itself drawn: |N(0, 0.1)|."""
    deviation = ops.reshape(ops.abs(lots.normal(0.1)), (-1, 1, 1, 1))
    return pictures + lots.source.normal(pictures.shape) * deviation


def cut_out(pictures: Tensor, lots: Lots) -> Tensor:
    """With 0 in a square of half the size about a uniform centre of [N, R, R, C], part of it perhaps outside."""
    side = lots.constant(0.5)[:, None]
    centre = lots.source.uniform((lots.count, 2))
    line = ((ops.arange(pictures.shape[1], dtype="float32") + 0.5) / pictures.shape[1])[None, :]
    x_outside, y_outside = (ops.abs(line - centre[:, axis, None]) >= side / 2 for axis in (0, 1))
    return ops.where(ops.logical_or(x_outside[:, None, :], y_outside[:, :, None])[..., None], pictures, 0.0)
