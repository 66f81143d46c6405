"""The order in which training sees the pictures."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_DATA = 0  # tells these draws from others of the same seed
_LATENTS = 1


def indices(pictures: int, seed: int, position: int, count: int) -> NDArray[np.intp]:
    """Places `position` to `position + count` of an endless sequence: all pictures in random order, again and again.

    Depends on nothing else, so that training resumes with the picture that it would have seen.
    """
    places = range(position, position + count)
    return np.array([_epoch(pictures, seed, place // pictures)[place % pictures] for place in places], np.intp)


def latents(seed: int, count: int, size: int) -> NDArray[np.float32]:
    """z of the pictures that every leg draws, [count, size]."""
    return np.random.default_rng([seed, _LATENTS]).standard_normal((count, size), np.float32)


@lru_cache(maxsize=2)
def _epoch(pictures: int, seed: int, epoch: int) -> NDArray[np.intp]:
    return np.random.default_rng([seed, _DATA, epoch]).permutation(pictures)
