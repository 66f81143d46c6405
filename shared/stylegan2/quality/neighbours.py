"""The training pictures that samples resemble most, so that memorising is seen and counted.

Pictures are compared as a person compares thumbnails: at 32 x 32 pixels, the mirror image of a training picture being
as good as itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.grid import PictureArray, arrange
from shared.stylegan2.picture_set import PictureSet, chunks

Thumbnails = NDArray[np.float32]
"""Small pictures [N, side, side, C], 0 .. 255."""

_SIDE = 32
_SHOWN_SIDE = 128  # pixels of a picture on a sheet
_AT_ONCE = 128  # pictures
_SPARE = 8
_MOST_COMPARED = 2000  # training pictures whose nearest others are looked for: a percentile needs no more
_UNUSUALLY_NEAR = 1.0  # percent of the training pictures that have another one so near


@dataclass(frozen=True)
class Neighbours:
    """For each sample the nearest training pictures, nearest first, each array [N, count].

    `distances` are root mean squares of the difference of two thumbnails, 0 for copies, 255 at most; `mirrored` says
    that the mirror image of the training picture is nearer than the picture.
    """

    indices: NDArray[np.intp]
    distances: NDArray[np.float64]
    mirrored: NDArray[np.bool_]

    def nearest_first(self) -> NDArray[np.intp]:
        """Return the samples' indices by the distance of their nearest training picture: memorised ones come first."""
        return np.argsort(self.distances[:, 0], kind="stable")


def thumbnails(pictures: PictureSet) -> Thumbnails:
    """Shrink pictures to 32 x 32 px, each pixel the mean of those it stands for; smaller ones stay as they are."""
    return np.concatenate([_shrunk(chunk, _SIDE) for chunk in chunks(pictures, _AT_ONCE)])


def neighbours(fakes: Thumbnails, reals: Thumbnails, count: int) -> Neighbours:
    """Find the `count` nearest training pictures of each sample, or all if there are fewer."""
    chunks_of_fakes = [fakes[start : start + _AT_ONCE] for start in range(0, len(fakes), _AT_ONCE)]
    found = [_nearest(chunk, reals, _rough_distances(chunk, reals), count) for chunk in chunks_of_fakes]
    return Neighbours(
        np.concatenate([part.indices for part in found]),
        np.concatenate([part.distances for part in found]),
        np.concatenate([part.mirrored for part in found]),
    )


def unusually_near(reals: Thumbnails) -> float:
    """Return the distance within which 1 % of the training pictures, two or more, have their nearest other one."""
    compared = np.arange(min(len(reals), _MOST_COMPARED)) * len(reals) // min(len(reals), _MOST_COMPARED)
    nearest = []
    for start in range(0, len(compared), _AT_ONCE):
        own = compared[start : start + _AT_ONCE]
        rough = _rough_distances(reals[own], reals)
        rough[np.arange(len(own)), own] = np.inf  # a picture is no copy of itself
        nearest.append(_nearest(reals[own], reals, rough, 1).distances)
    return float(np.percentile(np.concatenate(nearest), _UNUSUALLY_NEAR))


def memorised_share(found: Neighbours, threshold: float) -> float:
    """Return the share of samples, 0 .. 1, within `threshold` (see `unusually_near`) of a training picture.

    A network that draws new pictures of the kind of the data set comes to about 0.01, as do the training pictures
    themselves; one that repeats them comes near 1. The comparison with distances within the data set is that of
    Meehan et al. 2020, "A Non-Parametric Test to Detect Data-Copying in Generative Models".
    """
    return float((found.distances[:, 0] <= threshold).mean())


def neighbour_sheet(fakes: PictureSet, reals: PictureSet, found: Neighbours, rows: int) -> PictureArray:
    """Draw a sheet for people: in each row a sample and its nearest training pictures, nearest first.

    The `rows` samples are those nearest to a training picture. Mirrored ones are shown mirrored, all at 128 px at most.
    """
    shown = found.nearest_first()[:rows]
    columns = found.indices.shape[1] + 1
    left = _small(fakes[shown])
    right = _small(reals[found.indices[shown].ravel()])
    turned = found.mirrored[shown].ravel()
    right[turned] = right[turned][:, :, ::-1]
    lines = np.concatenate([left[:, None], right.reshape(len(shown), columns - 1, *right.shape[1:])], axis=1)
    return arrange(lines.reshape(-1, *right.shape[1:]), columns)


def _small(pictures: PictureArray) -> PictureArray:
    return np.rint(_shrunk(pictures, _SHOWN_SIDE)).astype(np.uint8)


def _shrunk(pictures: PictureArray, side: int) -> Thumbnails:
    count, height, _, channels = pictures.shape
    factor = max(height // side, 1)
    small = height // factor
    blocks = pictures.reshape(count, small, factor, small, factor, channels)
    return np.asarray(blocks.mean(axis=(2, 4), dtype=np.float32))


def _rough_distances(some: Thumbnails, reals: Thumbnails) -> NDArray[np.float32]:
    """Return what sorts the training pictures, [n, len(reals)]: the squared distance, less a term that all share.

    Of a picture or its mirror image, whichever is nearer: as good as mirroring the reals.
    """
    both = np.concatenate([some, some[:, :, ::-1]]).reshape(2 * len(some), -1)
    flat = reals.reshape(len(reals), -1)
    rough: NDArray[np.float32] = np.square(flat).sum(axis=1) - 2 * both @ flat.T
    return np.minimum(rough[: len(some)], rough[len(some) :])


def _nearest(some: Thumbnails, reals: Thumbnails, rough: NDArray[np.float32], count: int) -> Neighbours:
    """Find the `count` nearest of the nearest by `rough` and a few more, as that is a difference of large numbers."""
    kept = min(count + _SPARE, int(np.isfinite(rough[0]).sum()))
    candidates = np.sort(np.argpartition(rough, kept - 1, axis=1)[:, :kept], axis=1)
    direct = _distances(some[:, None], reals[candidates])
    mirrored = _distances(some[:, None, :, ::-1], reals[candidates])
    distances = np.minimum(direct, mirrored)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    found = (candidates, distances, mirrored < direct)
    return Neighbours(*(np.take_along_axis(each, order, axis=1) for each in found))


def _distances(some: Thumbnails, others: Thumbnails) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = np.square(some - others).mean(axis=(2, 3, 4), dtype=np.float64)
    return np.sqrt(squares)
