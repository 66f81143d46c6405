import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation import wavelets
from tests.services.trainer.learning.augmentation.sources import pictures


@pytest.mark.parametrize("taps", [wavelets.SYM2, wavelets.SYM6])
def test_a_wavelet_is_orthonormal_to_its_shifts_by_2(taps: tuple[float, ...]):
    products = np.correlate(taps, taps, mode="full")[1::2]
    np.testing.assert_allclose(products, np.eye(1, len(taps), len(taps) // 2 - 1)[0][: len(products)], atol=1e-10)
    assert np.sum(taps) == pytest.approx(np.sqrt(2))


def test_the_bands_sum_to_the_identity():
    assert wavelets.bands().shape == (4, 43)
    np.testing.assert_allclose(wavelets.bands().sum(axis=0), np.eye(1, 43, 21)[0], atol=1e-10)


def test_the_bands_go_from_the_lowest_to_the_highest():
    spectra = np.abs(np.fft.rfft(wavelets.bands(), 256, axis=1))
    assert list(spectra[:, 0].round(6)) == [1, 0, 0, 0]
    assert list(spectra.argmax(axis=1)) == sorted(spectra.argmax(axis=1))


@pytest.mark.parametrize("size", [4, 6, 9])
def test_twice_the_size_is_that_of_the_picture_reflected_as_far_as_it_goes(size: int):
    x = pictures(2, size, size, 1)
    around = np.pad(x, [(0, 0), (size - 1, size - 1), (size - 1, size - 1), (0, 0)], mode="reflect")
    expected = np.zeros((2, 2 * around.shape[1], 2 * around.shape[2], 1))
    expected[:, ::2, ::2] = around
    for axis in (1, 2):
        expected = np.apply_along_axis(lambda line: np.convolve(line, wavelets.SYM6)[5:-6], axis, expected)
    fine = ops.convert_to_numpy(wavelets.upsampled(ops.convert_to_tensor(x)))
    places = ops.convert_to_numpy(wavelets.place_of(np.arange(-2 * (size - 1), 4 * (size - 1) + 2), size))
    np.testing.assert_allclose(fine[:, places[:, None], places[None, :]], expected, atol=1e-6)


def test_to_twice_the_size_and_back_is_the_identity():
    x = pictures(1, 8, 8, 3)
    line = wavelets.place_of(np.arange(2 * 8 + wavelets.MARGIN) - wavelets.TAPS_BEFORE, 8)
    places = ops.convert_to_numpy(line)
    fine = ops.convert_to_numpy(wavelets.upsampled(ops.convert_to_tensor(x)))
    samples = fine[:, places[:, None], places[None, :]]
    np.testing.assert_allclose(ops.convert_to_numpy(wavelets.halved(samples)), x, atol=1e-6)
