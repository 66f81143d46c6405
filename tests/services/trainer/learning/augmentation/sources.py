"""Numbers for the augmentations that a test knows, on either back end, compiled or not."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import keras
import numpy as np
from keras import ops

from shared.stylegan2.backend import Tensor

ON_JAX = keras.backend.backend() == "jax"


class Percentile:
    """The official debug mode: every parameter at the same percentile of its range.

    Officially the second rotation is left out then: the angle that is drawn `left_out`-th (from 0) is 0.
    """

    def __init__(self, percentile: float, left_out: int = -1) -> None:
        self._percentile, self._left_out, self._drawn = percentile, left_out, 0

    def normal(self, shape: Sequence[int]) -> Tensor:
        """erfinv(2p - 1), which is not the percentile of N(0, 1) but what the official program takes."""
        return ops.full(shape, NormalDist().inv_cdf(self._percentile) / math.sqrt(2))

    def uniform(self, shape: Sequence[int]) -> Tensor:
        self._drawn += 1
        return ops.full(shape, 0.5 if self._drawn - 1 == self._left_out else self._percentile)


class Same:
    """The same number in every place of every draw."""

    def __init__(self, uniform: float, normal: float = 1.0) -> None:
        self._uniform, self._normal = uniform, normal

    def normal(self, shape: Sequence[int]) -> Tensor:
        return ops.full(shape, self._normal)

    def uniform(self, shape: Sequence[int]) -> Tensor:
        return ops.full(shape, self._uniform)


class Series:
    """Hands out given uniform and normal numbers in turn; they may be tensors of a compiled function."""

    def __init__(self, uniforms: Tensor, normals: Tensor) -> None:
        self._numbers = {"uniform": uniforms, "normal": normals}

    def normal(self, shape: Sequence[int]) -> Tensor:
        return self._next("normal", shape)

    def uniform(self, shape: Sequence[int]) -> Tensor:
        return self._next("uniform", shape)

    def _next(self, kind: str, shape: Sequence[int]) -> Tensor:
        count = math.prod(shape)
        found, self._numbers[kind] = self._numbers[kind][:count], self._numbers[kind][count:]
        return ops.reshape(found, shape)


def numbers(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """What a Series needs, `count` of each kind."""
    rng = np.random.default_rng(seed)
    return rng.random(count, np.float32), rng.standard_normal(count, np.float32)


def pictures(*shape: int, seed: int = 1) -> np.ndarray:
    """White noise from -1 to 1."""
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """By XLA, on either back end."""
    if ON_JAX:
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, autograph=False, jit_compile=True)
