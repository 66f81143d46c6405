"""Mixing of styles as the official `style-mixing-example` does it, on arrays. No TensorFlow."""

from collections.abc import Sequence

import numpy as np

from shared.stylegan2.weights import Array

_OFFICIAL = 7


def official_slots(count: int) -> str:
    """Return the slots of w that are taken from the second picture by default: `0-6`, but at most half of `count`."""
    return f"0-{min(_OFFICIAL, count // 2) - 1}"


def mixed(first: Array, second: Array, slots: Sequence[int]) -> Array:
    """Return w [num_ws, w_size] of `first`, with those of `second` in `slots`."""
    found = np.array(first)
    found[slots] = second[slots]
    return found
