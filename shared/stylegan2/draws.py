"""Random numbers that depend on nothing but a seed and how many were drawn before, so that training resumes exactly."""

from collections.abc import Sequence

import tensorflow as tf

from shared.stylegan2.layers import Tensor

DRAWS_PER_PHASE = 64
"""Distance between the seeds of two phases; at 1024 px one draws 23 times, and 2^31 leaves room for 8 million steps."""


class Draws:
    """A numbered series of random tensors; the same `seed` (two integers) gives the same series.

    With and without XLA the series differ: each has its own way from random bits to a normal distribution.
    """

    def __init__(self, seed: Tensor) -> None:
        self._seed = seed
        self._drawn = 0

    def normal(self, shape: Sequence[int]) -> Tensor:
        """N(0, 1)."""
        return tf.random.stateless_normal(shape, self._next())

    def integer(self, low: int, high: int) -> Tensor:
        """A whole number from `low` to `high` - 1."""
        return tf.random.stateless_uniform((), self._next(), low, high, tf.int32)

    def happens(self, probability: float, shape: Sequence[int] = ()) -> Tensor:
        """True with this probability, independently in every place of `shape`."""
        return tf.random.stateless_uniform(shape, self._next()) < probability

    def _next(self) -> Tensor:
        self._drawn += 1
        return self._seed + tf.constant([0, self._drawn])
