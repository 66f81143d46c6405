import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from shared.stylegan2.errors import Misfit
from shared.stylegan2.pyramid import has_levels, pyramid

Picture = NDArray[np.uint8]


def official(picture: Picture) -> list[Picture]:
    mean, levels = picture.astype(np.float32), []
    while True:
        levels.append(np.rint(mean).clip(0, 255).astype(np.uint8))
        if mean.shape[1] == 4:
            return levels
        a, b = mean[:, 0::2, 0::2], mean[:, 0::2, 1::2]
        c, d = mean[:, 1::2, 0::2], mean[:, 1::2, 1::2]
        mean = (a + b + c + d) * np.float32(0.25)


def assert_same(levels: tuple[Picture, ...], expected: list[Picture]) -> None:
    assert [level.shape for level in levels] == [level.shape for level in expected]
    assert all(level.dtype == np.uint8 for level in levels)
    assert all(np.array_equal(*pair) for pair in zip(levels, expected, strict=True))


@given(st.sampled_from([4, 8, 16, 32]).flatmap(lambda side: arrays.arrays(np.uint8, (1, side, side))))
def test_small_pictures_have_the_official_levels(picture: Picture) -> None:
    assert_same(pyramid(picture), official(picture))


@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.sampled_from([2, 3, 256]))
def test_random_pictures_of_few_or_many_values_have_the_official_levels(seed: int, log2: int, values: int) -> None:
    # Few values make exact halves, where rounding half up or to even differ, as common as they can be.
    side = 1 << log2
    picture = np.random.default_rng(seed).integers(0, values, (3, side, side), np.uint8)
    assert_same(pyramid(picture), official(picture))
    assert_same(pyramid(255 - picture), official(255 - picture))


@pytest.mark.parametrize("side", [512, 1024, 2048])
def test_large_pictures_have_the_official_levels(side: int) -> None:
    picture = np.random.default_rng(side).integers(0, 256, (3, side, side), np.uint8)
    assert_same(pyramid(picture), official(picture))


@pytest.mark.parametrize("side", [256, 2048])
@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_stay_what_they_are_on_every_level(side: int, value: int) -> None:
    levels = pyramid(np.full((1, side, side), value, np.uint8))
    assert all((level == value).all() for level in levels)


@pytest.mark.parametrize(
    ("four", "mean"),
    [([0, 0, 0, 2], 0), ([0, 0, 1, 1], 0), ([1, 1, 2, 2], 2), ([0, 0, 1, 2], 1), ([254, 255, 255, 254], 254)],
)
def test_an_exact_half_goes_to_the_even_neighbour(four: list[int], mean: int) -> None:
    picture = np.tile(np.array(four, np.uint8).reshape(1, 2, 2), (1, 4, 4))
    assert (pyramid(picture)[1] == mean).all()


def test_rounding_does_not_add_up_from_level_to_level() -> None:
    # Blocks of four mean 0.5, written as 0, and 1: together 0.75, written as 1. The written ones mean 0.5, so 0.
    picture = np.tile(np.array([[0, 0, 1, 1], [1, 1, 1, 1]], np.uint8), (1, 4, 2))
    _, halves, quarters = pyramid(np.tile(picture, (1, 2, 2)))
    assert set(halves.flat) == {0, 1}
    assert (quarters == 1).all()


@pytest.mark.parametrize("shape", [(3, 6, 6), (3, 8, 16), (3, 2, 2), (3, 0, 0), (1, 500, 500)])
def test_a_picture_without_levels_is_poison(shape: tuple[int, ...]) -> None:
    with pytest.raises(Misfit, match="no levels of detail"):
        pyramid(np.zeros(shape, np.uint8))


def test_only_squares_with_a_power_of_two_from_four_on_have_levels() -> None:
    assert [side for side in range(70) if has_levels(side, side)] == [4, 8, 16, 32, 64]
    assert not has_levels(8, 4)
