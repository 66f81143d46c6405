"""The grids of pictures that a training leaves for people to look at."""

import numpy as np

from shared.pictures import encode_png, to_image
from shared.stylegan2.grid import PictureArray

_WIDTH, _HEIGHT = 1920, 1080
_FEWEST = (3, 2)
_MOST = (12, 8)  # 96 small pictures say as much as the official 512, and are drawn in seconds on a CPU


def layout(resolution: int) -> tuple[int, int]:
    """Return columns and rows: the official layout "1080p" (training_loop.py), with fewer of small pictures."""
    columns, rows = np.clip((_WIDTH // resolution, _HEIGHT // resolution), _FEWEST, _MOST)
    return int(columns), int(rows)


def png(grid: PictureArray) -> bytes:
    """Encode a grid [H, W, 3], or grey [H, W, 1], as a PNG file."""
    return encode_png(to_image(grid))
