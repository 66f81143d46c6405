"""Distance of two sets of pictures at every scale, without a trained network.

The sliced Wasserstein distance of patches of the Laplacian pyramid: Karras et al. 2018, "Progressive Growing of GANs
for Improved Quality, Stability, and Variation", section 5. A level of the pyramid holds the details of one size; its
distance says how well just those are matched.

Unlike there, both sets are normalised by the reals' mean and deviation instead of each by its own, which hides what all
fakes have in common: of drawings at half their contrast, the value is that of the drawings themselves, and here eight
times that (measured). Values are therefore for comparing networks on one data set, and not with published ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from shared.stylegan2.picture_set import PictureSet, Selection, chunks

_PATCH = 7  # pixels of each side of a patch
_PATCHES = 128  # of each picture and level
_DIRECTIONS = 512
_SMALLEST = 16  # pixels of each side of the lowest level
_UNIT = 1000.0  # of the paper's table: a thousandth
_MOST_PICTURES = 1024  # of each set: their patches take half a gigabyte a set at 512 px
_AT_ONCE = 64  # directions that patches are projected on together
_PIXELS_AT_ONCE = 1 << 22  # of all pictures whose levels are in memory

_Level = NDArray[np.float32]
_Patches = NDArray[np.float32]


@dataclass(frozen=True)
class SlicedWasserstein:
    """The distance, in thousandths of a standard deviation, at each level, by its side in pixels, largest first."""

    levels: dict[int, float]

    @property
    def mean(self) -> float:
        """Mean of the distances over the levels."""
        return float(np.mean(list(self.levels.values())))


def sliced_wasserstein(reals: PictureSet, fakes: PictureSet, seed: int = 0) -> SlicedWasserstein:
    """Compute the distance of two sets of pictures [N, R, R, C], R a power of two of at least 8; 0 for equal sets.

    The same number of each set is compared, 1024 at most. Two sets of one distribution have a distance above 0, which
    falls with their size: compare only what is of one size.
    """
    count = min(len(reals), len(fakes), _MOST_PICTURES)
    of_reals, of_fakes = (_patches(_first(each, count), seed) for each in (reals, fakes))
    return SlicedWasserstein({side: _distance(of_reals[side], of_fakes[side], seed) for side in of_reals})


def laplacian_pyramid(pictures: NDArray[np.uint8]) -> Iterator[_Level]:
    """Yield what each level [n, side, side, C] adds to the one below, largest first; the last is the small pictures."""
    level = pictures.astype(np.float32)
    while level.shape[1] > _SMALLEST:
        smaller = _halved(level)
        yield level - _doubled(smaller)
        level = smaller
    yield level


def _first(pictures: PictureSet, count: int) -> Selection:
    return Selection(pictures, np.arange(count))


def _patches(pictures: Selection, seed: int) -> dict[int, _Patches]:
    """Cut random patches of every level, [count, patches, C, 7 * 7]; the same places for any set of this size."""
    generator = np.random.default_rng(seed)
    side, channels = pictures[np.arange(1)].shape[2:]
    sides = [side >> level for level in range(max((side // _SMALLEST).bit_length(), 1))]
    found = {side: np.empty((len(pictures), _PATCHES, channels, _PATCH**2), np.float32) for side in sides}
    start = 0
    for chunk in chunks(pictures, max(_PIXELS_AT_ONCE // side**2, 1)):
        for side, level in zip(sides, laplacian_pyramid(chunk), strict=True):
            found[side][start : start + len(chunk)] = _at_random(level, generator)
        start += len(chunk)
    return found


def _at_random(level: _Level, generator: np.random.Generator) -> _Patches:
    count, side, _, channels = level.shape
    rows, columns = generator.integers(side - _PATCH + 1, size=(2, count, _PATCHES))
    windows = sliding_window_view(level, (_PATCH, _PATCH), axis=(1, 2))
    chosen: _Patches = windows[np.arange(count)[:, None], rows, columns]
    return chosen.reshape(count, _PATCHES, channels, _PATCH**2)


def _distance(reals: _Patches, fakes: _Patches, seed: int) -> float:
    """Return the mean over random directions of the Wasserstein distance in one dimension: that of sorted values."""
    mean = reals.mean(axis=(0, 1, 3), keepdims=True, dtype=np.float64).astype(np.float32)
    deviation = reals.std(axis=(0, 1, 3), keepdims=True, dtype=np.float64).astype(np.float32)
    deviation[deviation == 0] = 1
    x, y = (_rows((patches - mean) / deviation) for patches in (reals, fakes))
    directions = np.random.default_rng(seed).standard_normal((_DIRECTIONS, x.shape[1])).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = [_gap(block @ x.T, block @ y.T) for block in np.split(directions, _DIRECTIONS // _AT_ONCE)]
    return float(np.mean(found)) * _UNIT


def _rows(patches: _Patches) -> NDArray[np.float32]:
    return patches.reshape(-1, patches.shape[2] * patches.shape[3])


def _gap(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
    x.sort(axis=1)
    y.sort(axis=1)
    return float(np.abs(x - y).mean(dtype=np.float64))


def _halved(level: _Level) -> _Level:
    """Halve a level as in Burt and Adelson's pyramid: smooth by 1 4 6 4 1 both ways, keep every second pixel."""
    return _halved_rows(_halved_rows(level).swapaxes(1, 2)).swapaxes(1, 2)


def _halved_rows(level: _Level) -> _Level:
    height = level.shape[1]
    padded = np.pad(level, ((0, 0), (2, 2), (0, 0), (0, 0)), "reflect")
    outer: _Level = padded[:, 0:height:2] + padded[:, 4::2]
    inner: _Level = padded[:, 1 : height + 1 : 2] + padded[:, 3 : height + 3 : 2]
    centre: _Level = padded[:, 2 : height + 2 : 2]
    summed: _Level = outer + np.float32(4) * inner + np.float32(6) * centre
    return summed * np.float32(1 / 16)


def _doubled(level: _Level) -> _Level:
    """Double a level: zeros between the pixels, then twice the filter of `_halved` both ways."""
    return _doubled_rows(_doubled_rows(level).swapaxes(1, 2)).swapaxes(1, 2)


def _doubled_rows(level: _Level) -> _Level:
    count, height, width, channels = level.shape
    padded = np.pad(level, ((0, 0), (1, 1), (0, 0), (0, 0)), "reflect")
    before, here, after = padded[:, :-2], padded[:, 1:-1], padded[:, 2:]
    even = (before + np.float32(6) * here + after) * np.float32(1 / 8)
    odd = (here + after) * np.float32(1 / 2)
    return np.stack([even, odd], axis=2).reshape(count, 2 * height, width, channels)
