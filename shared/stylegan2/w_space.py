"""Statistics of w: where a generator's w lies, and in which directions it varies. No TensorFlow but the generator's."""

import numpy as np

from shared.stylegan2.inference import Generator
from shared.stylegan2.weights import Array

_SAMPLES, _SEED, _BATCH = 10_000, 123, 1000
"""As the official projector samples w."""


def sampled_w(generator: Generator, labels: Array | None = None) -> Array:
    """Return many random w [10000, w_size], of the class of `labels` [1, label_size] if the network knows classes."""
    z = np.random.RandomState(_SEED).randn(_SAMPLES, generator.architecture.z_size).astype(np.float32)
    one_hot = None if labels is None else labels.repeat(_BATCH, axis=0)
    found = [generator.w(z[start : start + _BATCH], one_hot) for start in range(0, _SAMPLES, _BATCH)]
    return np.concatenate(found)
