import numpy as np
import pytest
from PIL import Image

from services.normalizer.background import covered, refilled

RED, BLUE = (200, 40, 20), (20, 40, 200)


def picture() -> Image.Image:
    """A blue picture of 60 x 40 with black lines, and a red figure on its left third."""
    found = Image.new("RGB", (60, 40), BLUE)
    for x in range(22, 60, 6):
        found.paste((0, 0, 0), (x, 0, x + 2, 40))
    found.paste(RED, (0, 0, 20, 40))
    return found


def matte(edge: float = 1.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    found = np.zeros((40, 60), np.float32)
    found[:, :20] = 1
    found[:, 19] = edge
    return found


def test_the_figure_stays_and_a_colour_is_behind_it() -> None:
    pixels = np.asarray(refilled(picture(), matte(), None, "#0a141e"))
    assert (pixels[:, :20] == RED).all()
    assert (pixels[:, 20:] == (10, 20, 30)).all()


def test_a_pixel_that_belongs_to_both_is_mixed() -> None:
    pixels = np.asarray(refilled(picture(), matte(0.25), None, "#000000")).astype(float)
    assert np.abs(pixels[:, 19] - np.multiply(RED, 0.25)).max() <= 1


def test_a_blurred_background_has_no_lines_and_nothing_of_the_figure() -> None:
    plain = np.asarray(picture())[:, 20:].reshape(-1, 3).mean(axis=0)
    behind = np.asarray(refilled(picture(), matte(), None, "blur"))[:, 20:].astype(float)
    assert np.ptp(behind[:, :, 2], axis=1).max() < 60
    assert behind[:, :, 0].max() < 30
    assert np.abs(behind.mean(axis=(0, 1)) - plain).max() < 12


def test_what_was_transparent_is_background_whatever_the_model_says() -> None:
    alpha = Image.new("L", (60, 40), 255)
    alpha.paste(0, (0, 0, 60, 10))
    pixels = np.asarray(refilled(picture(), matte(), alpha, "#ffffff"))
    assert (pixels[:10] == 255).all()
    assert (pixels[10:, :20] == RED).all()


@pytest.mark.parametrize("fill", ["#102030", "blur"])
def test_a_picture_that_is_all_figure_stays_as_it_is(fill: str) -> None:
    everything = np.ones((40, 60), np.float32)
    assert refilled(picture(), everything, None, fill).tobytes() == picture().tobytes()


def test_the_figure_s_share_counts_pixels_that_are_more_figure_than_background() -> None:
    assert covered(matte()) == pytest.approx(1 / 3)
    assert covered(matte() * np.float32(0.4)) == 0
