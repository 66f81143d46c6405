import numpy as np

from shared.stylegan2.grid import arrange, to_uint8


def test_uint8_values_are_the_official_ones(golden):
    found = to_uint8(golden.nhwc("Gs_images_psi0.7"))
    np.testing.assert_array_equal(found, golden["Gs_images_psi0.7_uint8_nhwc"])


def test_values_beyond_the_range_saturate():
    found = to_uint8(np.array([-5, -1, 0, 1, 5], np.float32))
    assert found.tolist() == [0, 0, 128, 255, 255]


def test_pictures_lie_row_by_row_and_the_rest_is_black():
    pictures = np.ones((5, 2, 3, 1), np.uint8) * np.arange(1, 6, dtype=np.uint8)[:, None, None, None]
    grid = arrange(pictures, columns=3)
    assert grid.shape == (4, 9, 1)
    assert grid[::2, ::3, 0].tolist() == [[1, 2, 3], [4, 5, 0]]
    assert grid[1::2, 2::3, 0].tolist() == [[1, 2, 3], [4, 5, 0]]
