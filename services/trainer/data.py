"""The order in which training sees pictures, and the pictures of each minibatch."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.labels_file import LabelArray, one_hot

_DATA = 0  # tells these draws from others of the same seed
_LATENTS = 1


def indices(pictures: int, seed: int, position: int, count: int) -> NDArray[np.intp]:
    """Return places `position` to `position + count` of an endless sequence: all pictures, shuffled in each epoch.

    Depends on nothing else, so that training resumes with the picture that it would have seen.
    """
    places = range(position, position + count)
    return np.array([_epoch(pictures, seed, place // pictures)[place % pictures] for place in places], np.intp)


def split(checksums: Sequence[int], share: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices of the pictures that are trained on, and of those that are held out.

    A picture's checksum decides, so that it stays on its side in the next version of the data set: else D would be
    asked about pictures that it has learnt by heart. Copies stay together, too, also altered ones, which have the
    checksum of their picture.
    """
    held_out = np.array(checksums, np.float64) < share * 2**32
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def classes_in_turn(classes: int, count: int) -> LabelArray:
    """Return one-hot labels [count, classes], each class after the other."""
    return one_hot((np.arange(count) % max(classes, 1)).tolist(), classes)


def fixed_latents(seed: int, count: int, size: int) -> NDArray[np.float32]:
    """Return the z of the pictures that every leg draws, [count, size]."""
    return np.random.default_rng([seed, _LATENTS]).standard_normal((count, size), np.float32)


@lru_cache(maxsize=2)
def _epoch(pictures: int, seed: int, epoch: int) -> NDArray[np.intp]:
    return np.random.default_rng([seed, _DATA, epoch]).permutation(pictures)
