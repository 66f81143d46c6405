import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation.lookup import pixels, reflected
from shared.stylegan2.backend import gradient
from tests.services.trainer.learning.augmentation.sources import pictures

ROWS = np.array([[[0], [2]], [[1], [1]]], np.int32)
COLUMNS = np.array([[[3, 0, 1]], [[2, 2, 0]]], np.int32)


def test_pixels_are_found_by_row_and_column_in_their_own_picture():
    x = pictures(2, 3, 4, 2)
    found = ops.convert_to_numpy(pixels(ops.convert_to_tensor(x), ROWS, COLUMNS))
    np.testing.assert_array_equal(found, x[np.arange(2)[:, None, None], ROWS, COLUMNS])


def test_the_gradient_counts_how_often_a_pixel_was_read():
    slope = gradient(lambda x: ops.sum(pixels(x, ROWS, COLUMNS)), ops.convert_to_tensor(pictures(2, 3, 4, 1)))
    expected = np.zeros((2, 3, 4))
    np.add.at(expected, (np.arange(2)[:, None, None], ROWS, COLUMNS), 1)
    np.testing.assert_array_equal(ops.convert_to_numpy(slope)[..., 0], expected)


@pytest.mark.parametrize("size", [2, 5])
def test_reflection_repeats_no_outermost_pixel(size: int):
    places = np.arange(-7, 9, dtype=np.int32)
    expected = np.pad(np.arange(size), (20, 20), mode="reflect")[places + 20]
    np.testing.assert_array_equal(ops.convert_to_numpy(reflected(ops.convert_to_tensor(places), size)), expected)
