"""The filter operator of ADA: amplifies or weakens frequency bands."""

import functools

import numpy as np
from keras import ops
from numpy.typing import NDArray

from services.trainer.learning.augmentation import wavelets
from services.trainer.learning.augmentation.gated_draws import GatedDraws
from shared.stylegan2.backend import Tensor

POWER = np.array([10, 1, 1, 1]) / 13
"""Expected share of each band in a picture's power, from the lowest band to the highest."""


def filtered(pictures: Tensor, gated: GatedDraws) -> Tensor:
    """Amplify each of four frequency bands of `pictures` [N, R, R, C] or not, keeping the expected power.

    As products with matrices [R, R], so that reflection suits any size (the filter has 43 taps, the official program
    needs 22 pixels); on a GPU with TF32 right to a thousandth. A picture without an amplified band changes no bit.
    """
    factors = ops.power(2.0, ops.stack([gated.normal(1.0) for _ in POWER], axis=1))
    lines = ops.tensordot(_gains(factors), ops.convert_to_tensor(_band_matrices(pictures.shape[1])), axes=1)
    along_columns = ops.einsum("nij,njwc->niwc", lines, pictures)
    result = ops.einsum("nij,nhjc->nhic", lines, along_columns)
    same = ops.all(ops.equal(factors, 1.0), axis=1)
    return ops.where(ops.reshape(same, (-1, 1, 1, 1)), pictures, result)


def _gains(factors: Tensor) -> Tensor:
    """Return the gains of the bands, [N, 4]. The power is restored after each amplification, as officially."""
    power = 1 + ops.convert_to_tensor(POWER, "float32") * (ops.square(factors) - 1)
    return factors * ops.rsqrt(ops.prod(power, axis=1, keepdims=True))


@functools.cache
def _band_matrices(size: int) -> NDArray[np.float32]:
    """Return each band-pass as a matrix that filters a reflected line: [4, size, size]."""
    bands = wavelets.bands()
    reach = bands.shape[1] // 2
    line, tap = np.arange(size)[:, None], np.arange(-reach, reach + 1)[None, :]
    folded = (line + tap) % (2 * (size - 1))
    places = np.minimum(folded, 2 * (size - 1) - folded)
    found = np.zeros((len(bands), size, size))
    for band, taps in zip(found, bands, strict=True):
        np.add.at(band, (line, places), taps)
    return found.astype(np.float32)
