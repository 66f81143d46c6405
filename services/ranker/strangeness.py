"""Measures how strange each face is among the others: no verdict is needed, and no training. Pure.

Shapes and colours, and features of a discriminator where there is one, are compared with those of the most similar
faces, a fifth of the set: of fewer, a handful of near copies of a stranger would make one another look familiar.
Sharpness, tones and grain are compared with the middle of the set.

The first three all say who is drawn, and how: what they find adds up, as the root of the sum of squares. The others say
different things, and since a face that does not belong is mostly odd in one way only, the strangest counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.ranker.looks import Looks, Rows, off_middle

NETWORK = "network"
"""The name of the features of a discriminator."""

_OF_LIKENESS = ("shape", "colours", NETWORK)
_OF_MAKING = ("sharpness", "tones", "grain")

_SHARE, _LEAST = 5, 5
"""A face is compared with a fifth of the others, and at least with 5."""

_AT_ONCE = 256
"""Faces whose distances from all others are in memory at once."""

_LEAST_SPREAD = 0.05
"""Spread of the logarithms of distances below which a difference is none."""

_LEAST_GRAIN = 0.25
"""Spread of the logarithms of grain, likewise: a quarter of a level in a flat part."""

Values = NDArray[np.float64]
"""A number for each face, [n]."""


@dataclass(frozen=True)
class Strangeness:
    """The strangeness of n faces: `parts` by feature, [n] each, 0 is usual, and half are about within 1."""

    parts: dict[str, Values]

    @property
    def total(self) -> Values:
        """All features together, [n]."""
        likeness = np.stack([self.parts[name] for name in _OF_LIKENESS if name in self.parts])
        added = np.sqrt(np.square(np.maximum(likeness, 0)).sum(axis=0))
        of_likeness = np.where(added > 0, added, likeness.max(axis=0))
        return np.asarray(np.max([of_likeness, *(self.parts[name] for name in _OF_MAKING)], axis=0), np.float64)

    def mostly(self, face: int) -> str:
        """Return the feature by which a face is strangest."""
        return max(self.parts, key=lambda name: float(self.parts[name][face]))


def strangeness(looks: Looks, of_network: Rows | None = None) -> Strangeness:
    """Measure how strange each face is.

    Of a discriminator's features, `of_network` [n, features], the directions are compared: their lengths say how much
    contrast a picture has.
    """
    distances = {"shape": looks.shape, "colours": looks.colours}
    if of_network is not None:
        lengths = np.linalg.norm(of_network, axis=1, keepdims=True)
        distances[NETWORK] = of_network / np.maximum(lengths, np.finfo(np.float32).tiny)
    parts = {name: _comparable(neighbour_distances(rows)) for name, rows in distances.items()}
    parts |= {"sharpness": _comparable(deviations(looks.sharpness)), "tones": _comparable(deviations(looks.tones))}
    return Strangeness(parts | {"grain": _unusual_grain(looks.grain)})


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


def _unusual_grain(grain: Rows) -> Values:
    """Return twice the logarithm of how much noisier each face is than the middle one; negative for calmer ones."""
    above = grain[:, 0].astype(np.float64) - np.median(grain)
    above /= max(float(np.median(np.abs(above))), _LEAST_GRAIN)
    return np.asarray(2 * np.sign(above) * np.log1p(np.abs(above)), np.float64)
