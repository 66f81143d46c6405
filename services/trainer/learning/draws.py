"""Random numbers that depend on nothing but a seed and how many were drawn before, so that training resumes exactly."""

from collections.abc import Sequence
from typing import Protocol

from keras import ops

from shared.stylegan2.backend import ON_JAX, Tensor

if ON_JAX:
    import jax
else:
    import tensorflow as tf

DRAWS_PER_PHASE = 256
"""Distance between the seeds of two phases: at 1024 px one draws 23 times, and each of up to four augmentations 45
times at most. 2^31 leaves room for 2 million steps, after which the series begins again."""


class RandomSource(Protocol):
    """A source of random tensors."""

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Draw from N(0, 1)."""

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Draw numbers from 0 to 1, without 1."""


class Draws:
    """A numbered series of random tensors; the same `seed` gives the same series.

    `seed` is three integers below 2^31: the training's, the part of a minibatch and where the series begins. The series
    of the back ends differ, and on TensorFlow those with and without XLA: each has its own way from random bits to a
    normal distribution.
    """

    def __init__(self, seed: Tensor) -> None:
        self._seed = seed
        self._drawn = 0

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Draw from N(0, 1)."""
        if ON_JAX:
            return jax.random.normal(self._next(), shape)
        return tf.random.stateless_normal(shape, self._next())

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Draw numbers from 0 to 1, without 1."""
        if ON_JAX:
            return jax.random.uniform(self._next(), shape)
        return tf.random.stateless_uniform(shape, self._next())

    def _next(self) -> Tensor:
        self._drawn += 1
        if ON_JAX:
            key = jax.random.fold_in(jax.random.key(self._seed[0]), self._seed[1])
            return jax.random.fold_in(key, self._seed[2] + self._drawn)
        return tf.stack([self._seed[0] + self._seed[1] * 2**32, self._seed[2] + self._drawn])


def integer(source: RandomSource, low: int, high: int, shape: Sequence[int] = ()) -> Tensor:
    """Draw whole numbers (int32) from `low` to `high` - 1."""
    return low + ops.cast(ops.floor(source.uniform(shape) * (high - low)), "int32")


def happens(source: RandomSource, probability: Tensor | float, shape: Sequence[int] = ()) -> Tensor:
    """Draw True with `probability`, independently in every place of `shape`."""
    return source.uniform(shape) < probability
