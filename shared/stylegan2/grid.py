"""Pictures of networks: their uint8 values, and many of them side by side. No TensorFlow."""

import numpy as np
import numpy.typing as npt

PictureArray = npt.NDArray[np.uint8]


def to_uint8(pictures: npt.NDArray[np.float32]) -> PictureArray:
    """Convert -1 .. 1 to 0 .. 255 as the official convert_images_to_uint8 does: half up, saturated."""
    scaled: npt.NDArray[np.float32] = pictures * np.float32(127.5) + np.float32(128)
    return scaled.clip(0, 255).astype(np.uint8)


def arrange(pictures: PictureArray, columns: int) -> PictureArray:
    """Arrange pictures [N, H, W, C] row by row in one [rows * H, columns * W, C]; empty places are black."""
    count, height, width, channels = pictures.shape
    rows = -(-count // columns)
    filled = np.zeros((rows * columns, height, width, channels), np.uint8)
    filled[:count] = pictures
    lines = filled.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return lines.reshape(rows * height, columns * width, channels)
