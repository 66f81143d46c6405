"""Distances between the features of two sets of pictures: KID and FID, with numpy alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]
"""One row of features per picture, [N, d]."""

_SUBSETS, _SUBSET = 100, 1000  # of Binkowski et al. and the official metrics/kernel_inception_distance.py
_Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class KernelDistance:
    """KID: its mean over the subsets and their standard deviation, None where one subset is all there is.

    It is unbiased: sets of one distribution give 0 on average, and so may well give less.
    """

    mean: float
    deviation: float | None


def kernel_distance(reals: Features, fakes: Features, seed: int = 0) -> KernelDistance:
    """Compute the kernel inception distance of two sets of two rows or more: the squared MMD with (x.y / d + 1)^3.

    Binkowski et al. 2018, "Demystifying MMD GANs". Mean of 100 random subsets of 1000 rows of each set; of sets no
    larger than that, all rows count once.
    """
    found = [_squared_discrepancy(*subset) for subset in _subsets(reals, fakes, seed)]
    return KernelDistance(float(np.mean(found)), float(np.std(found)) if len(found) > 1 else None)


def frechet_distance(reals: Features, fakes: Features) -> float:
    """Compute the Frechet inception distance of two sets of two rows or more (Heusel et al. 2017), 0 for equal sets.

    It is biased: the fewer rows, the larger. Below 5000 it says little, published ones are of 50 000 fakes.
    """
    of_reals, of_fakes = _root_of_covariance(reals), _root_of_covariance(fakes)
    shift = reals.mean(axis=0, dtype=np.float64) - fakes.mean(axis=0, dtype=np.float64)
    # With covariances A'A and B'B, the trace of (A'A B'B)^(1/2) is the sum of the singular values of A B'.
    shared = np.linalg.svd(of_reals @ of_fakes.T, compute_uv=False).sum()
    distance = shift @ shift + np.square(of_reals).sum() + np.square(of_fakes).sum() - 2 * shared
    return max(float(distance), 0.0)


def _subsets(reals: Features, fakes: Features, seed: int) -> Iterator[tuple[_Matrix, _Matrix]]:
    if max(len(reals), len(fakes)) <= _SUBSET:
        yield reals.astype(np.float64), fakes.astype(np.float64)
        return
    generator = np.random.default_rng(seed)
    for _ in range(_SUBSETS):
        yield _some(reals, generator), _some(fakes, generator)


def _some(features: Features, generator: np.random.Generator) -> _Matrix:
    chosen = generator.choice(len(features), min(len(features), _SUBSET), replace=False)
    return features[chosen].astype(np.float64)


def _squared_discrepancy(x: _Matrix, y: _Matrix) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy."""
    return _mean_of_pairs(_kernel(x, x)) + _mean_of_pairs(_kernel(y, y)) - 2 * float(_kernel(x, y).mean())


def _kernel(x: _Matrix, y: _Matrix) -> _Matrix:
    base: _Matrix = x @ y.T / x.shape[1] + 1
    return base * base * base  # five times as fast as a power


def _mean_of_pairs(kernel: _Matrix) -> float:
    """Return the mean of `kernel` over all pairs of two different rows."""
    rows = len(kernel)
    return float((kernel.sum() - kernel.trace()) / (rows * (rows - 1)))


def _root_of_covariance(features: Features) -> _Matrix:
    """Return a matrix A, no more rows than columns, whose A'A is the covariance of `features`."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    scaled: _Matrix = centred / np.sqrt(len(features) - 1)
    return scaled if scaled.shape[0] <= scaled.shape[1] else np.linalg.qr(scaled).R
