import io

import numpy as np
import pytest
from PIL import Image

from services.trainer.grid import layout, png


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [(1024, (3, 2)), (512, (3, 2)), (256, (7, 4)), (128, (12, 8)), (64, (12, 8)), (8, (12, 8))],
)
def test_a_grid_is_modest_at_every_resolution(resolution: int, expected: tuple[int, int]) -> None:
    assert layout(resolution) == expected


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_grey_and_coloured_grids_become_files(channels: int, mode: str) -> None:
    grid = np.arange(4 * 4 * channels, dtype=np.uint8).reshape(4, 4, channels)
    with Image.open(io.BytesIO(png(grid))) as picture:
        assert picture.mode == mode
        assert np.array_equal(np.asarray(picture).reshape(grid.shape), grid)
