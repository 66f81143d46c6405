import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation.ada import augment
from services.trainer.learning.augmentation.pipe import Pipe
from services.trainer.learning.draws import Draws
from shared.stylegan2.backend import Tensor, gradient
from tests.services.trainer.learning.augmentation.sources import (
    ON_JAX,
    Percentile,
    Same,
    Series,
    compiled,
    numbers,
    pictures,
)

P = 0.7
RESAMPLED, POINTWISE = 1.5e-5, 1e-6
"""Tolerances: the official sines and cosines of float32 move a pixel by millionths."""

# key -> pipe, tolerance, which of the uniform draws is the second rotation
GOLDEN = {
    "xflip@0.7": (Pipe.XFLIP, RESAMPLED, -1),
    "rotate90@0.7": (Pipe.ROTATE90, RESAMPLED, -1),
    "xint@0.7": (Pipe.XINT, RESAMPLED, -1),
    "scale@0.7": (Pipe.SCALE, RESAMPLED, -1),
    "rotate@0.7": (Pipe.ROTATE, RESAMPLED, 2),
    "aniso@0.7": (Pipe.ANISO, RESAMPLED, -1),
    "xfrac@0.7": (Pipe.XFRAC, RESAMPLED, -1),
    "brightness@0.7": (Pipe.BRIGHTNESS, POINTWISE, -1),
    "contrast@0.7": (Pipe.CONTRAST, POINTWISE, -1),
    "lumaflip@0.7": (Pipe.LUMAFLIP, POINTWISE, -1),
    "hue@0.7": (Pipe.HUE, POINTWISE, -1),
    "saturation@0.7": (Pipe.SATURATION, POINTWISE, -1),
    "imgfilter@0.7": (Pipe.FILTER, POINTWISE, -1),
    "cutout@0.7": (Pipe.CUTOUT, POINTWISE, -1),
    "geom@0.7": (Pipe.GEOM, RESAMPLED, 4),
    "color@0.7": (Pipe.COLOR, POINTWISE, -1),
    "bgc@0.7": (Pipe.BGC, RESAMPLED, 10),
    "gray_bgc@0.7": (Pipe.BGC, RESAMPLED, 10),
}

# The share of pictures that change at p = 0.5: a flip is drawn as 0 or 1, a shift of 8 px pictures as -1, 0 or 1.
CHANGED_AT_HALF = {
    Pipe.XFLIP: 1 / 4,
    Pipe.ROTATE90: 3 / 8,
    Pipe.XINT: 3 / 8,
    Pipe.SCALE: 1 / 2,
    Pipe.ROTATE: 1 / 2,
    Pipe.ANISO: 1 / 2,
    Pipe.XFRAC: 1 / 2,
    Pipe.BRIGHTNESS: 1 / 2,
    Pipe.CONTRAST: 1 / 2,
    Pipe.LUMAFLIP: 1 / 4,
    Pipe.HUE: 1 / 2,
    Pipe.SATURATION: 1 / 2,
    Pipe.FILTER: 1 - 1 / 2**4,
    Pipe.NOISE: 1 / 2,
    Pipe.CUTOUT: 1 / 2,
}
COUNT = 600


def augmented(x: np.ndarray, source: object, p: float, pipe: Pipe) -> np.ndarray:
    return ops.convert_to_numpy(augment(ops.convert_to_tensor(x), source, p, pipe))


def changed(p: float, pipe: Pipe) -> np.ndarray:
    x = pictures(COUNT, 8, 8, 3)
    return np.any(augmented(x, Series(*numbers(2, COUNT * 300)), p, pipe) != x, axis=(1, 2, 3))


def test_every_official_answer_is_compared(official):
    assert {key for key in official if "input" not in key} == set(GOLDEN)


@pytest.mark.parametrize("key", GOLDEN)
def test_agrees_with_the_official_operator(official, key: str):
    pipe, tolerance, left_out = GOLDEN[key]
    x = official["gray_input" if key.startswith("gray") else "input"]
    answer = augmented(x, Percentile(P, left_out), 1.0, pipe)
    np.testing.assert_allclose(answer, official[key], rtol=0, atol=tolerance)


@pytest.mark.parametrize("channels", [1, 3])
def test_at_p_0_nothing_changes_by_a_bit(channels: int):
    x = pictures(3, 8, 8, channels)
    np.testing.assert_array_equal(augmented(x, Series(*numbers(2, 9999)), 0.0, Pipe.BGCFNC), x)


@pytest.mark.parametrize("pipe", CHANGED_AT_HALF, ids=lambda pipe: pipe.name)
def test_each_operator_happens_to_each_picture_with_probability_p(pipe: Pipe):
    assert abs(changed(0.5, pipe).mean() - CHANGED_AT_HALF[pipe]) < 0.08


@pytest.mark.parametrize("pipe", [pipe for pipe, share in CHANGED_AT_HALF.items() if share == 1 / 2])
def test_at_p_1_an_operator_happens_to_all_pictures(pipe: Pipe):
    assert changed(1.0, pipe).all()


def test_all_operators_have_been_tried():
    assert set(Pipe) == set(CHANGED_AT_HALF)


def test_a_picture_is_augmented_without_regard_to_the_others():
    x = pictures(3, 8, 8, 3)
    other = np.concatenate([x[:1], pictures(2, 8, 8, 3, seed=5)])
    first, second = (augmented(y, Series(*numbers(4, 9999)), 0.8, Pipe.BGCFNC)[0] for y in (x, other))
    np.testing.assert_array_equal(first, second)


def test_the_deviation_of_the_noise_is_a_tenth_of_a_normal_number():
    x = pictures(2, 8, 8, 3)
    np.testing.assert_allclose(augmented(x, Same(0.5, normal=-2.0), 1.0, Pipe.NOISE), x + 0.2 * -2.0, atol=1e-6)


def test_a_hole_has_half_the_size_and_may_reach_beyond_the_picture():
    hole = augmented(np.ones((1, 8, 8, 1), np.float32), Same(0.1), 1.0, Pipe.CUTOUT)[0, :, :, 0] == 0
    expected = np.zeros((8, 8), bool)
    expected[:3, :3] = True  # centre 0.8 px, from -1.2 to 2.8, and the centre of pixel 2 is at 2.5
    np.testing.assert_array_equal(hole, expected)


SHAPE = (3, 8, 8, 3)
DRAWN = numbers(8, 2000)


def drawn_once(x: Tensor, uniforms: Tensor, normals: Tensor) -> Tensor:
    return augment(x, Series(uniforms, normals), 0.8, Pipe.BGCFNC)


def half_squared_slope(x: Tensor, *drawn: Tensor) -> Tensor:
    """As R1 has it: of the gradient of a score by the pictures, here half the sum of the squared augmented pictures."""
    slope = gradient(lambda x: ops.sum(ops.square(drawn_once(x, *drawn))) / 2, x)
    return ops.sum(ops.square(slope)) / 2


def slope_of_penalty(x: Tensor, *drawn: Tensor) -> Tensor:
    return gradient(lambda x: half_squared_slope(x, *drawn), x)


@pytest.mark.parametrize("way", [lambda function: function, compiled], ids=["step by step", "by XLA"])
def test_gradients_flow_through_the_pictures_twice(way):
    if ON_JAX and way is not compiled:
        pytest.skip("on JAX, training is always compiled")
    x, *drawn = (ops.convert_to_tensor(array) for array in (pictures(*SHAPE), *DRAWN))
    penalty, slope = way(half_squared_slope), np.asarray(way(slope_of_penalty)(x, *drawn))
    for seed in range(3):
        direction = pictures(*SHAPE, seed=seed)
        # Exact for steps of any size: augmenting is y = A x + b, so that the penalty is |A^T y|^2 / 2.
        rise = float(penalty(x + direction, *drawn) - penalty(x - direction, *drawn)) / 2
        assert np.sum(slope * direction) == pytest.approx(rise, rel=1e-4)


def test_the_same_seed_augments_alike_and_another_does_not():
    run = compiled(lambda x, seed: augment(x, Draws(seed), 0.8, Pipe.BGC))
    x = ops.convert_to_tensor(pictures(*SHAPE))
    first, again, other = (np.asarray(run(x, ops.convert_to_tensor(np.array([1, 0, n])))) for n in (0, 0, 256))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
