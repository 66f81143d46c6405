"""Tells by its pixels at which quality a picture was stored as JPEG, whatever file it is in now. Pure.

JPEG stores the waves of each block of 8 x 8 pixels in steps that depend on the quality, and leaves their multiples
behind (after Z. Fan and R. de Queiroz, 2003). Of 25 drawn faces each was told within 1 at qualities from 5 to 85. Of 53
faces of real drawings, stored once more, as many as this were told within 1, and the others show no traces:

    10: 53, 20: 53, 30: 52, 40: 52, 50: 51, 60: 51, 70: 50, 80: 49, 85: 49

Stored at 30 and again at 90 or 95, a face is told as 30, also with edges cut off between; again at 70, as 70. There are
no traces above 85, in what was never a JPEG, nor in what was resized since. It takes 10 ms a face.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

UNTOLD = 100
"""Quality of what shows no traces."""

_TABLE = np.array(
    [
        [16, 11, 10, 16, 24],
        [12, 12, 14, 19, 26],
        [14, 13, 16, 24, 40],
        [14, 17, 22, 29, 51],
        [18, 22, 37, 56, 68],
    ]
)
"""Steps of the longest waves in brightness at quality 50 (ITU-T T.81, table K.1); libjpeg scales them."""

_LONG = [(down, across) for down in range(5) for across in range(5) if 0 < down + across <= 4]
"""The waves that are looked at: those that most blocks have."""

_QUALITIES = range(5, 86)
_MOST_BLOCKS, _LEAST_BLOCKS = 600, 8
_LEAST_STEP, _LEAST_WAVES = 4, 30
_DRAWN = 8.0
"""Levels between which a block must range to be looked at."""

_TELLING, _AS_GOOD = 0.4, 0.9
"""Least mean of the cosine, which is 1 on multiples of the step and 0 without traces; and share of the best from which
a coarser step is taken for the true one: its multiples are also those of its half."""

_WAVES = np.array(
    [
        [np.cos((2 * x + 1) * wave * np.pi / 16) * (np.sqrt(1 / 8) if wave == 0 else 0.5) for x in range(8)]
        for wave in range(8)
    ]
)
"""The discrete cosine transform."""


def stored_quality(grey: NDArray[np.float32], left: int = 0, top: int = 0) -> int:
    """Return the lowest quality, as libjpeg counts, that levels [h, w] show traces of; `UNTOLD` if there are none.

    `left` and `top` are their place in the picture, from whose corner blocks are counted; if they seem to lie
    otherwise, as in what was cut out of a JPEG, both ways are looked at.
    """
    grids = {(-left % 8, -top % 8), (_grid_of(grey), _grid_of(grey.T))}
    return min(_quality(_waves(grey[y:, x:])) for x, y in grids)


def _grid_of(grey: NDArray[np.float32]) -> int:
    """Return the column, 0 to 7, at which blocks seem to begin: where columns differ more than those beside them."""
    steps = np.minimum(np.abs(np.diff(grey, axis=1)), 20)
    beyond = steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2
    if beyond.shape[1] < 8:
        return 0
    return (int(np.argmax([beyond[:, column::8].mean() for column in range(8)])) + 2) % 8


def _waves(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how strong each long wave is [blocks, waves] in blocks that are not plain."""
    rows, columns = (side // 8 for side in grey.shape)
    blocks = grey[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    blocks = blocks[np.ptp(blocks, axis=(1, 2)) >= _DRAWN]
    chosen = blocks[:: max(1, len(blocks) // _MOST_BLOCKS)]
    strengths = np.abs(_WAVES @ chosen.astype(np.float64) @ _WAVES.T)
    return np.stack([strengths[:, down, across] for down, across in _LONG], axis=1)


def _quality(waves: NDArray[np.float64]) -> int:
    if len(waves) < _LEAST_BLOCKS:
        return UNTOLD
    likeness = dict(zip(_QUALITIES, (_likeness(waves, steps) for steps in _steps()), strict=True))
    best = max(likeness.values())
    if best < _TELLING:
        return UNTOLD
    coarse = min(quality for quality, like in likeness.items() if like >= _AS_GOOD * best)
    near = {quality: likeness[quality] for quality in range(coarse, coarse + 4) if quality in likeness}
    return max(near, key=near.__getitem__)


def _steps() -> Iterator[NDArray[np.float64]]:
    """Yield the steps of the long waves at each quality, as libjpeg computes them."""
    table = np.array([_TABLE[place] for place in _LONG])
    for quality in _QUALITIES:
        percent = 5000 / quality if quality < 50 else 200 - 2 * quality
        yield np.clip(np.floor((table * percent + 50) / 100), 1, 255)


def _likeness(waves: NDArray[np.float64], steps: NDArray[np.float64]) -> float:
    """Return how near waves come to multiples of steps, 1 at best, among those that are not rounded to nothing."""
    counted = (waves > steps / 2) & (steps >= _LEAST_STEP)
    if counted.sum() < _LEAST_WAVES:
        return 0.0
    return float(np.cos(2 * np.pi * (waves / steps)[counted]).mean())
