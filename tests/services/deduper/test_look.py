import numpy as np
import pytest
from PIL import Image, ImageOps

from services.deduper.look import DETAILS, SIDE, look_of, without_borders
from tests.services.deduper.conftest import Drawing


@pytest.mark.parametrize("colour", ["white", "black", "#c8bedc"])
def test_a_plain_border_is_cut_off(drawing: Drawing, colour: str) -> None:
    framed = ImageOps.expand(drawing(0), 30, colour)
    assert (without_borders(np.asarray(framed)) == without_borders(np.asarray(drawing(0)))).all()


def test_bars_above_and_below_are_cut_off(drawing: Drawing) -> None:
    barred = Image.new("RGB", (400, 640), "black")
    barred.paste(drawing(1), (0, 70))
    assert (without_borders(np.asarray(barred)) == without_borders(np.asarray(drawing(1)))).all()


def test_a_border_with_the_noise_of_jpeg_is_cut_off(drawing: Drawing) -> None:
    framed = np.asarray(ImageOps.expand(drawing(0), 30, "#808080")).astype(int)
    noisy = framed + np.random.default_rng(0).integers(-6, 7, framed.shape)
    assert without_borders(np.clip(noisy, 0, 255).astype(np.uint8)).shape[0] < 520


def test_a_small_figure_on_a_plain_ground_keeps_its_ground() -> None:
    ground = Image.new("RGB", (400, 400), "white")
    ground.paste("red", (180, 180, 220, 220))
    assert without_borders(np.asarray(ground)).shape == (400, 400, 3)


def test_a_plain_picture_stays_whole() -> None:
    assert without_borders(np.full((30, 40, 3), 7, np.uint8)).shape == (30, 40, 3)


@pytest.mark.parametrize("size", [(400, 500), (1, 1), (3, 400), (20, 20)])
def test_pictures_are_compared_at_one_size_whatever_theirs_is(drawing: Drawing, size: tuple[int, int]) -> None:
    look = look_of(drawing(0).resize(size))
    assert max(look.rgb.shape[:2]) == SIDE
    assert len(look.points) == len(look.descriptors) <= 2 * DETAILS


def test_the_mirrored_look_is_that_of_the_mirror_image(drawing: Drawing) -> None:
    one, other = look_of(drawing(0)).mirrored, look_of(ImageOps.mirror(drawing(0)))
    assert np.abs(one.rgb.astype(int) - other.rgb).max() <= 2
