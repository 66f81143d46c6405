"""Measures how strange each face is among the others: no verdict and no network is needed. Pure.

Shapes and colours are compared with those of the most similar faces, a fifth of the set: of fewer, a handful of near
copies of a stranger would make one another look familiar. Sharpness and tones are compared with the middle of the set.
The strangest of the four counts, since a face that does not belong is mostly odd in one way only.
"""

import numpy as np
from numpy.typing import NDArray

from services.ranker.looks import Looks, Rows, off_middle

FEATURES = ("shape", "colours", "sharpness", "tones")

_SHARE, _LEAST = 5, 5
"""A face is compared with a fifth of the others, and at least with 5."""

_AT_ONCE = 256
"""Faces whose distances from all others are in memory at once."""

_LEAST_SPREAD = 0.05
"""Spread of the logarithms of distances below which a difference is none."""

Values = NDArray[np.float64]
"""A number for each face, [n]."""


def strangeness(looks: Looks) -> NDArray[np.float64]:
    """Return how strange each face is by each of `FEATURES`, [n, 4]: 0 is usual, half are within 1."""
    found = (
        neighbour_distances(looks.shape),
        neighbour_distances(looks.colours),
        deviations(looks.sharpness),
        deviations(looks.tones),
    )
    return np.stack([_comparable(values) for values in found], axis=1)


def neighbour_distances(rows: Rows, share: int = _SHARE) -> Values:
    """Return the mean distance of each row from its nearest ones, one of `share` of all others."""
    count = min(max(_LEAST, len(rows) // share), len(rows) - 1)
    found = np.zeros(len(rows))
    if count < 1:
        return found
    centred = rows - rows.mean(axis=0)
    squares = np.square(centred).sum(axis=1)
    for start in range(0, len(rows), _AT_ONCE):
        chosen = slice(start, start + _AT_ONCE)
        apart = squares[chosen, None] + squares - 2 * centred[chosen] @ centred.T
        apart[np.arange(len(apart)), np.arange(start, start + len(apart))] = np.inf
        nearest = np.partition(apart, count - 1, axis=1)[:, :count]
        found[chosen] = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return found


def deviations(rows: Rows) -> Values:
    """Return how far each row is from the middle one in the feature that is farthest, by the spread of that feature."""
    return np.asarray(np.abs(off_middle(rows)).max(axis=1), np.float64)


def _comparable(values: Values) -> Values:
    """Return logarithms of values by how far they are above the middle one, as a multiple of the usual difference."""
    logarithms = np.log(values + 1e-3 * (values.mean() or 1.0))
    above = logarithms - np.median(logarithms)
    return np.asarray(above / max(float(np.median(np.abs(above))), _LEAST_SPREAD), np.float64)
