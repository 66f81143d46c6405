"""Statistics of w: where a generator's w lies, and in which directions it varies."""

from dataclasses import dataclass

import numpy as np

from shared.stylegan2.inference import Generator
from shared.stylegan2.weights import Array

_SAMPLES, _SEED, _BATCH = 10_000, 123, 1000
"""As the official projector samples w."""

_SHARE = 0.95  # of the variance; the last components of w hardly change a picture


def sampled_w(generator: Generator, labels: Array | None = None) -> Array:
    """Return many random w [10000, w_size], of the class of `labels` [1, label_size] if the network knows classes."""
    z = np.random.RandomState(_SEED).randn(_SAMPLES, generator.architecture.z_size).astype(np.float32)
    one_hot = None if labels is None else labels.repeat(_BATCH, axis=0)
    found = [generator.w(z[start : start + _BATCH], one_hot) for start in range(0, _SAMPLES, _BATCH)]
    return np.concatenate(found)


def deviation(samples: Array) -> float:
    """Return how far w [N, w_size] is from its average: the root of the mean squared distance."""
    return float(np.sqrt(np.square(samples - samples.mean(axis=0)).sum(axis=1).mean()))


@dataclass(frozen=True)
class Variation:
    """The variation of w: its leading principal components [K, w_size], and the standard deviation [K] along each."""

    components: Array
    deviations: Array

    @classmethod
    def of(cls, samples: Array) -> "Variation":
        """Return the fewest components of w [N, w_size] that hold 95 % of its variance (as in GANSpace, 2020)."""
        variances, vectors = np.linalg.eigh(np.cov(samples, rowvar=False))
        variances, vectors = variances[::-1].clip(0), vectors[:, ::-1]
        count = int(np.searchsorted(np.cumsum(variances), _SHARE * variances.sum())) + 1
        components, deviations = vectors.T[:count], np.sqrt(variances[:count])
        return cls(components.astype(np.float32), deviations.astype(np.float32))

    def drawn(self, count: int, seed: int) -> Array:
        """Draw differences [count, w_size] from the average, as if w were normally distributed."""
        random = np.random.default_rng(seed)
        parts = random.standard_normal((count, len(self.deviations)), np.float32)
        found: Array = np.matmul(parts * self.deviations, self.components, dtype=np.float32)
        return found
