import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation import filtering, wavelets
from services.trainer.learning.augmentation.gated_draws import GatedDraws
from tests.services.trainer.learning.augmentation.sources import Same, Series, numbers, pictures

SIZE = 32


def filtered(x: np.ndarray, source: object, p: float) -> np.ndarray:
    return ops.convert_to_numpy(filtering.filtered(ops.convert_to_tensor(x), GatedDraws(source, p, len(x))))


def official_gains(factors: np.ndarray) -> np.ndarray:
    """One band after the other, with the power restored each time."""
    gains = np.ones(4)
    for band, factor in enumerate(factors):
        step = np.ones(4)
        step[band] = factor
        gains *= step / np.sqrt(np.sum(filtering.POWER * step**2))
    return gains


def test_agrees_with_a_separable_filter_of_the_reflected_picture():
    x = pictures(2, SIZE, SIZE, 3)
    normals = numbers(1, 8)[1]
    found = filtered(x, Series(np.zeros(8, np.float32), normals), 1.0)
    for picture, answer, factors in zip(x, found, 2.0 ** normals.reshape(4, 2).T, strict=True):
        taps = official_gains(factors) @ wavelets.bands()
        expected = np.pad(picture, [(21, 21), (21, 21), (0, 0)], mode="reflect")
        for axis in (0, 1):
            expected = np.apply_along_axis(lambda line, taps=taps: np.convolve(line, taps, "valid"), axis, expected)
        np.testing.assert_allclose(answer, expected, atol=2e-6)


def test_the_same_gain_for_all_bands_is_none():
    x = pictures(1, SIZE, SIZE, 1)
    # Not exactly: the power is restored band by band.
    ratio = filtered(x, Same(0.0, normal=0.01), 1.0) / x
    assert ratio == pytest.approx(np.full_like(ratio, ratio.mean()), rel=1e-3)
    assert ratio.mean() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("size", [4, 8])
def test_pictures_smaller_than_the_filter_keep_a_flat_colour_flat(size: int):
    flat = np.full((1, size, size, 3), 0.5, np.float32)
    found = filtered(flat, Same(0.0, normal=0.5), 1.0)
    np.testing.assert_allclose(found, np.full_like(found, found.mean()), atol=1e-6)
