import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from services.normalizer.fit import Fitted, Square, fit, scaled_size
from shared.recipe.normalized import Fit

Pixels = NDArray[numpy.uint8]


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(numpy.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=numpy.uint8))


def array(fitted: Fitted) -> Pixels:
    return numpy.asarray(fitted.image)


def place(fitted: Fitted) -> tuple[int, int, int, int]:
    return fitted.left, fitted.top, fitted.width, fitted.height


@pytest.mark.parametrize("pad", ["#102030", "edge", "reflect", "blur"])
@pytest.mark.parametrize("how", Fit)
@settings(max_examples=25, derandomize=True, deadline=None, database=None)
@given(width=st.integers(1, 200), height=st.integers(1, 200))
def test_the_result_is_always_the_square_with_the_picture_centred(pad: str, how: Fit, width: int, height: int) -> None:
    fitted = fit(Image.new("RGB", (width, height), "#405060"), Square(64, how, pad))
    assert fitted.image.mode == "RGB"
    assert fitted.image.size == (64, 64)
    right, bottom = 64 - fitted.left - fitted.width, 64 - fitted.top - fitted.height
    assert right - fitted.left in (0, 1)
    assert bottom - fitted.top in (0, 1)
    inside = array(fitted)[fitted.top : fitted.top + fitted.height, fitted.left : fitted.left + fitted.width]
    assert (inside == [0x40, 0x50, 0x60]).all()


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(width=st.integers(1, 5000), height=st.integers(1, 5000))
def test_the_aspect_is_kept_to_half_a_pixel(width: int, height: int) -> None:
    scaled = scaled_size((width, height), Square(512))
    assert max(scaled) == 512
    exact = min(width, height) * 512 / max(width, height)
    assert abs(min(scaled) - exact) <= 0.5 or (min(scaled), exact < 1) == (1, True)


def test_shrink_only_leaves_what_is_smaller_as_it_is() -> None:
    image = noise(20, 31)
    fitted = fit(image, Square(64, Fit.SHRINK_ONLY))
    assert place(fitted) == (22, 16, 20, 31)
    assert (array(fitted)[16:47, 22:42] == numpy.asarray(image)).all()


def test_shrink_only_shrinks_what_is_larger() -> None:
    assert place(fit(noise(128, 64), Square(64, Fit.SHRINK_ONLY))) == (0, 16, 64, 32)


def test_exact_enlarges_what_is_smaller() -> None:
    assert place(fit(noise(16, 32), Square(64))) == (16, 0, 32, 64)


def test_a_picture_of_the_squares_size_is_not_touched() -> None:
    image = noise(64, 64)
    assert (array(fit(image, Square(64, pad="reflect"))) == numpy.asarray(image)).all()


def test_an_odd_pixel_of_padding_goes_to_the_right_and_to_the_bottom() -> None:
    assert place(fit(noise(61, 64), Square(64))) == (1, 0, 61, 64)
    assert place(fit(noise(64, 61), Square(64))) == (0, 1, 64, 61)


def test_a_colour_surrounds_the_picture() -> None:
    pixels = array(fit(Image.new("RGB", (32, 64)), Square(64, pad="#102030")))
    assert (pixels[:, :16] == [16, 32, 48]).all()
    assert (pixels[:, 48:] == [16, 32, 48]).all()
    assert (pixels[:, 16:48] == 0).all()


def test_edge_continues_the_outermost_pixels() -> None:
    image = noise(32, 64)
    pixels, original = array(fit(image, Square(64, pad="edge"))), numpy.asarray(image)
    assert (pixels[:, :16] == original[:, :1]).all()
    assert (pixels[:, 48:] == original[:, -1:]).all()


def test_reflect_mirrors_without_repeating_the_outermost_pixels() -> None:
    image = noise(32, 64)
    pixels, original = array(fit(image, Square(64, pad="reflect"))), numpy.asarray(image)
    assert (pixels[:, :16] == original[:, 16:0:-1]).all()
    assert (pixels[:, 48:] == original[:, -2:-18:-1]).all()


def test_a_large_picture_keeps_its_mean_colour_and_is_smoothed() -> None:
    fitted = fit(noise(1024, 1024), Square(64))
    pixels = array(fitted).astype(float)
    assert abs(pixels.mean() - numpy.asarray(noise(1024, 1024)).mean()) < 1
    assert pixels.std() < 12


@pytest.mark.parametrize("size", [0, -2, 3, 500])
def test_a_size_that_is_no_power_of_two_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        Square(size)


def halves() -> Image.Image:
    """A picture of 120 x 60: a red square in the middle between two blue stripes."""
    image = Image.new("RGB", (120, 60), "blue")
    image.paste("red", (30, 0, 90, 60))
    return image


@pytest.mark.parametrize("turned", [False, True])
def test_what_covers_the_square_shows_the_middle(turned: bool) -> None:
    image = halves().transpose(Image.Transpose.ROTATE_90) if turned else halves()
    fitted = fit(image, Square(32, Fit.COVER))
    assert place(fitted) == (0, 0, 32, 32)
    assert numpy.abs(array(fitted)[2:-2, 2:-2].astype(int) - [255, 0, 0]).max() <= 3


def test_a_blurred_filling_has_the_colours_of_the_picture_and_none_of_its_lines() -> None:
    image = Image.new("RGB", (64, 32), "white")
    for x in range(0, 64, 4):
        image.paste("#204060", (x, 0, x + 2, 32))
    fitted = array(fit(image, Square(64, pad="blur"))).astype(int)
    margin = fitted[:14, 10:-10]
    assert numpy.abs(margin - margin.mean(axis=(0, 1))).max() < 20
    assert numpy.abs(margin.mean(axis=(0, 1)) - fitted[20:44].mean(axis=(0, 1))).max() < 12
