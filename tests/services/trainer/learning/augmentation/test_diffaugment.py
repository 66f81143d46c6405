import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation.diffaugment import EVERYTHING, Policy, diffaugment
from shared.stylegan2.backend import gradient
from tests.services.trainer.learning.augmentation.sources import Same, Series, compiled, numbers, pictures

ALMOST_1 = 0.999999


def augmented(x: np.ndarray, source: object, policy: Policy) -> np.ndarray:
    return ops.convert_to_numpy(diffaugment(ops.convert_to_tensor(x), source, policy))


def test_colours_in_the_middle_of_their_ranges_are_those_of_the_picture():
    x = pictures(2, 8, 8, 3)
    np.testing.assert_allclose(augmented(x, Same(0.5), Policy.COLOR), x, atol=1e-6)


@pytest.mark.parametrize(
    ("drawn", "bright", "saturated", "contrasted"), [(0.0, -0.5, 0.0, 0.5), (0.75, 0.25, 1.5, 1.25)]
)
def test_colours_follow_their_definition(drawn: float, bright: float, saturated: float, contrasted: float):
    x = pictures(2, 8, 8, 3)
    brighter = x + bright
    grey = brighter.mean(axis=3, keepdims=True)
    colourful = grey + saturated * (brighter - grey)
    mean = colourful.mean(axis=(1, 2, 3), keepdims=True)
    expected = mean + contrasted * (colourful - mean)
    np.testing.assert_allclose(augmented(x, Same(drawn), Policy.COLOR), expected, atol=1e-6)


@pytest.mark.parametrize(("drawn", "shift"), [(0.0, -2), (0.5, 0), (ALMOST_1, 2)])
def test_a_translation_goes_an_eighth_of_the_size_and_brings_in_zeros(drawn: float, shift: int):
    x = pictures(2, 16, 16, 3)
    around = np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)])
    expected = around[:, 2 - shift : 18 - shift, 2 - shift : 18 - shift]
    np.testing.assert_array_equal(augmented(x, Same(drawn), Policy.TRANSLATION), expected)


@pytest.mark.parametrize(("drawn", "hole"), [(0.0, slice(0, 4)), (0.5, slice(4, 12)), (ALMOST_1, slice(12, 16))])
def test_a_hole_has_half_the_size_and_its_centre_anywhere(drawn: float, hole: slice):
    expected = np.ones((1, 16, 16, 1), np.float32)
    expected[:, hole, hole] = 0
    np.testing.assert_array_equal(augmented(np.ones_like(expected), Same(drawn), Policy.CUTOUT), expected)


def test_pictures_of_a_batch_get_draws_of_their_own():
    x = np.repeat(pictures(1, 16, 16, 3), 6, axis=0)
    found = augmented(x, Series(*numbers(1, 99)), EVERYTHING)
    assert len({picture.tobytes() for picture in found}) == 6


def test_no_operator_is_no_change():
    x = pictures(2, 8, 8, 3)
    np.testing.assert_array_equal(augmented(x, Same(0.1), Policy(0)), x)


def test_gradients_flow_twice_compiled_or_not():
    x = ops.convert_to_tensor(pictures(3, 8, 8, 3))
    drawn = [ops.convert_to_tensor(found) for found in numbers(1, 99)]

    def penalty(x, *drawn):
        slope = gradient(lambda x: ops.sum(diffaugment(x, Series(*drawn)) ** 3), x)
        return ops.sum(ops.square(slope))

    def slope_of_penalty(x, *drawn):
        return gradient(lambda x: penalty(x, *drawn), x)

    slope = np.asarray(slope_of_penalty(x, *drawn))
    direction = pictures(3, 8, 8, 3, seed=9) * 1e-2
    rise = float(penalty(x + direction, *drawn) - penalty(x - direction, *drawn)) / 2
    assert np.sum(slope * direction) == pytest.approx(rise, rel=2e-2)
    np.testing.assert_allclose(np.asarray(compiled(slope_of_penalty)(x, *drawn)), slope, rtol=1e-3, atol=1e-3)
