"""Differentiable augmentation (Zhao et al. 2020a, arXiv 2006.10738): few operators, and always all of them."""

import enum

from keras import ops

from services.trainer.learning import draws
from services.trainer.learning.augmentation.lookup import pixels
from shared.stylegan2.backend import Tensor


class Policy(enum.Flag):
    """A set of operators, in the order in which they are done."""

    COLOR = enum.auto()
    TRANSLATION = enum.auto()
    CUTOUT = enum.auto()


EVERYTHING = Policy.COLOR | Policy.TRANSLATION | Policy.CUTOUT
"""The policy with which the authors train on few pictures."""


def diffaugment(pictures: Tensor, source: draws.RandomSource, policy: Policy = EVERYTHING) -> Tensor:
    """Augment `pictures` [N, R, R, C] for D by `policy`, each with draws of its own."""
    if Policy.COLOR in policy:
        pictures = _recolored(pictures, source)
    if Policy.TRANSLATION in policy:
        pictures = _translated(pictures, source)
    return _cut_out(pictures, source) if Policy.CUTOUT in policy else pictures


def _recolored(pictures: Tensor, source: draws.RandomSource) -> Tensor:
    """Change brightness by -0.5 to 0.5, then saturation by a factor of 0 to 2, then contrast by 0.5 to 1.5."""
    brightness, saturation, contrast = (source.uniform((pictures.shape[0], 1, 1, 1)) for _ in range(3))
    pictures = _stretched(pictures + brightness - 0.5, 2 * saturation, axis=(3,))
    return _stretched(pictures, contrast + 0.5, axis=(1, 2, 3))


def _stretched(pictures: Tensor, factor: Tensor, axis: tuple[int, ...]) -> Tensor:
    """Multiply the difference to the mean over `axis` by `factor`."""
    mean = ops.mean(pictures, axis=axis, keepdims=True)
    return (pictures - mean) * factor + mean


def _translated(pictures: Tensor, source: draws.RandomSource) -> Tensor:
    """Shift `pictures` by up to an eighth of the size each way, with 0 at the borders."""
    count, size = pictures.shape[:2]
    reach = _share(size, 1 / 8)
    right, down = (draws.integer(source, -reach, reach + 1, (count, 1)) for _ in range(2))
    line = ops.arange(size, dtype="int32")[None, :]
    columns, rows = line - right, line - down
    inside = ops.logical_and(_is_inside(columns, size)[:, None, :], _is_inside(rows, size)[:, :, None])
    moved = pixels(pictures, ops.clip(rows, 0, size - 1)[:, :, None], ops.clip(columns, 0, size - 1)[:, None, :])
    return ops.where(inside[..., None], moved, 0.0)


def _cut_out(pictures: Tensor, source: draws.RandomSource) -> Tensor:
    """Set a square of half the size to 0, whose centre is anywhere in the picture."""
    count, size = pictures.shape[:2]
    side = _share(size, 1 / 2)
    x, y = (draws.integer(source, 0, size + 1 - side % 2, (count, 1)) - side // 2 for _ in range(2))
    line = ops.arange(size, dtype="int32")[None, :]
    hole = ops.logical_and(_is_inside(line - x, side)[:, None, :], _is_inside(line - y, side)[:, :, None])
    return ops.where(hole[..., None], 0.0, pictures)


def _is_inside(places: Tensor, size: int) -> Tensor:
    return ops.logical_and(places >= 0, places < size)


def _share(size: int, ratio: float) -> int:
    """Return `ratio` of `size`, rounded as the authors do."""
    return int(size * ratio + 0.5)
