"""Pictures side by side in one picture."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.pictures import encode_png

_WIDTH, _HEIGHT = 1920, 1080
_FEWEST = (3, 2)
_MOST = (16, 9)  # 144 pictures say as much about small ones as the official 1024


def layout(resolution: int) -> tuple[int, int]:
    """Columns and rows: the official layout "1080p" (training_loop.py), with fewer of small pictures."""
    columns, rows = np.clip((_WIDTH // resolution, _HEIGHT // resolution), _FEWEST, _MOST)
    return int(columns), int(rows)


def to_uint8(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    """From -1 .. 1 to 0 .. 255, rounded half to even as in the official grids."""
    levels: NDArray[np.float32] = np.rint((pictures + 1) * 127.5)
    return levels.clip(0, 255).astype(np.uint8)


def compose(pictures: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Pictures [n, H, W, C] row by row; black where the last row has none. [rows * H, columns * W, C]."""
    count, height, width, channels = pictures.shape
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    cells[:count] = pictures
    by_row = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return by_row.reshape(rows * height, columns * width, channels)


def png(grid: NDArray[np.uint8]) -> bytes:
    """A grid [H, W, 3], or grey [H, W, 1], as a file."""
    return encode_png(Image.fromarray(grid[:, :, 0] if grid.shape[2] == 1 else grid))
