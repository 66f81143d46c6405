import io

import numpy as np
import pytest
from PIL import Image

from services.trainer.grid import compose, layout, png, to_uint8


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [(1024, (3, 2)), (512, (3, 2)), (256, (7, 4)), (128, (15, 8)), (64, (16, 9)), (8, (16, 9))],
)
def test_a_grid_is_modest_at_every_resolution(resolution: int, expected: tuple[int, int]) -> None:
    assert layout(resolution) == expected


def test_pictures_stand_row_by_row_and_missing_ones_are_black() -> None:
    pictures = np.stack([np.full((2, 2, 3), value, np.uint8) for value in (10, 20, 30, 40, 50)])
    grid = compose(pictures, columns=3)
    assert grid[::2, ::2, 0].tolist() == [[10, 20, 30], [40, 50, 0]]
    assert grid[1::2, 1::2, 0].tolist() == [[10, 20, 30], [40, 50, 0]]


def test_levels_are_rounded_and_saturated() -> None:
    pictures = np.array([-3, -1, -0.99, -0.98, 0, 1, 7], np.float32)
    assert to_uint8(pictures).tolist() == [0, 0, 1, 3, 128, 255, 255]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_grey_and_coloured_grids_become_files(channels: int, mode: str) -> None:
    grid = np.arange(4 * 4 * channels, dtype=np.uint8).reshape(4, 4, channels)
    with Image.open(io.BytesIO(png(grid))) as picture:
        assert picture.mode == mode
        assert np.array_equal(np.asarray(picture).reshape(grid.shape), grid)
