"""Ways between latents, and loops through several of them. No TensorFlow."""

from collections.abc import Callable
from enum import Enum

import numpy as np

from shared.stylegan2.weights import Array

Between = Callable[[Array, Array, float], Array]
"""Returns what lies at a share of the way, from 0 to 1, between two latents."""

_PARALLEL = 1e-4  # radians: between such vectors the arc is a line


class Easing(Enum):
    """The speed between two latents: the same everywhere, or slower near each of them."""

    LINEAR = "linear"
    SMOOTH = "smooth"

    def at(self, share: float) -> float:
        """Return which share of the way is covered after a share of the time; SMOOTH is 3t^2 - 2t^3."""
        return share if self is Easing.LINEAR else share * share * (3 - 2 * share)


def lerp(first: Array, second: Array, share: float) -> Array:
    """Return what lies on the straight line between two arrays of one shape."""
    return first + (second - first) * np.float32(share)


def slerp(first: Array, second: Array, share: float) -> Array:
    """Return what lies on the arc between two vectors, at a constant angular velocity (Shoemake 1985).

    Their lengths may differ. Vectors of one direction have a line between them, and opposite ones no arc of their own.
    """
    cosine = float(first @ second) / float(np.linalg.norm(first) * np.linalg.norm(second))
    angle = float(np.arccos(np.clip(cosine, -1, 1)))
    if angle < _PARALLEL:
        return lerp(first, second, share)
    weights = np.sin([(1 - share) * angle, share * angle]) / np.sin(angle)
    found: Array = (weights[0] * first + weights[1] * second).astype(np.float32)
    return found


def on_loop(stations: Array, position: float, between: Between, easing: Easing) -> Array:
    """Return the latent at a position, 0 to 1, on the loop through `stations` [K, ...], as long between any two.

    Positions 0 and 1 are the first station.
    """
    place = position * len(stations)
    station = int(place)
    first, second = (stations[index % len(stations)] for index in (station, station + 1))
    return between(first, second, easing.at(place - station))
