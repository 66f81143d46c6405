"""Drawn faces for tests of what sorts them: small, of one character or of others."""

from functools import cache
from io import BytesIO
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.character import HEROINE, any_character, any_pose
from demo.drawing import Placement, background, figure, render

SIDE = 96


@cache
def face(name: str, stranger: bool = False) -> NDArray[np.uint8]:
    """A face of the heroine, or of a stranger, another for each name."""
    random, size = Random(name), (SIDE * 2, SIDE * 2)
    character = any_character(random) if stranger else HEROINE
    at = Placement(SIDE, SIDE * 1.05, SIDE / 180 * random.uniform(1.05, 1.3))
    png = render(background(random, size) + figure(character, any_pose(random), at), size)
    return np.asarray(Image.open(BytesIO(png)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
