import io
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from demo.character import any_character, any_pose
from demo.drawing import draw
from shared.pictures.jpeg_traces import UNTOLD, stored_quality

BOX = (203, 165, 503, 485)
"""A face's place in the drawings, at no multiple of 8."""


def drawing(number: int) -> Image.Image:
    random = Random(f"traces {number}")
    return Image.open(io.BytesIO(draw(any_character(random), any_pose(random), random))).convert("RGB")


def stored(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def levels(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image.crop(BOX).convert("L"), np.float32)


@pytest.mark.parametrize("quality", [5, 10, 20, 30, 42, 50, 60, 75, 85])
def test_the_quality_of_a_stored_face_is_told(quality: int) -> None:
    for number in range(4):
        told = stored_quality(levels(stored(drawing(number), quality)), *BOX[:2])
        assert abs(told - quality) <= 1


@pytest.mark.parametrize("number", range(4))
def test_a_drawing_that_was_never_a_jpeg_shows_no_traces(number: int) -> None:
    assert stored_quality(levels(drawing(number)), *BOX[:2]) == UNTOLD


def test_good_quality_shows_no_traces() -> None:
    assert stored_quality(levels(stored(drawing(0), 95)), *BOX[:2]) == UNTOLD


def test_the_quality_of_before_is_told_of_what_was_stored_again_at_a_better_one() -> None:
    assert stored_quality(levels(stored(stored(drawing(0), 30), 95)), *BOX[:2]) == 30


def test_blocks_are_found_where_the_edges_were_cut_off_since() -> None:
    cut = stored(drawing(0), 30).crop((3, 2, 720, 900))
    assert stored_quality(levels(cut), *BOX[:2]) == 30


def test_what_was_resized_since_shows_no_traces() -> None:
    resized = stored(drawing(0), 30).resize((650, 813), Image.Resampling.LANCZOS)
    assert stored_quality(levels(resized), *BOX[:2]) == UNTOLD


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (5, 40), (9, 9), (40, 40)])
def test_what_is_small_or_plain_shows_no_traces(size: tuple[int, int]) -> None:
    assert stored_quality(np.full(size, 200, np.float32), 3, 5) == UNTOLD
