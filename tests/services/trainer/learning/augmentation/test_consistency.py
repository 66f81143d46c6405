import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation.consistency import consistency_penalty, translated_and_flipped
from shared.stylegan2.backend import gradient
from tests.services.trainer.learning.augmentation.sources import Same, Series, numbers, pictures


def moved(x: np.ndarray, source: object) -> np.ndarray:
    return ops.convert_to_numpy(translated_and_flipped(ops.convert_to_tensor(x), source))


@pytest.mark.parametrize(("size", "reach"), [(8, 1), (64, 2), (128, 4)])
def test_pictures_are_shifted_by_a_32nd_of_their_size_and_reflected(size: int, reach: int):
    x = pictures(1, size, size, 3)
    around = np.pad(x, [(0, 0), (reach, reach), (reach, reach), (0, 0)], mode="reflect")
    np.testing.assert_array_equal(moved(x, Same(0.0)), around[:, 2 * reach :, ::-1][:, :, 2 * reach :])
    np.testing.assert_array_equal(moved(x, Same(0.999)), around[:, :size, :size])


def test_without_a_shift_half_of_the_pictures_are_mirrored():
    x = pictures(1000, 4, 4, 1)
    uniforms = np.concatenate([np.full(2000, 0.5), numbers(1, 1000)[0]]).astype(np.float32)
    found = moved(x, Series(uniforms, uniforms))
    mirrored = np.all(found == x[:, :, ::-1], axis=(1, 2, 3))
    assert np.all(mirrored | np.all(found == x, axis=(1, 2, 3)))
    assert 0.45 < mirrored.mean() < 0.55


def test_shifts_in_both_directions_differ_between_pictures():
    x = np.repeat(pictures(1, 32, 32, 1), 300, axis=0)
    found = {picture.tobytes() for picture in moved(x, Series(*numbers(1, 900)))}
    assert len(found) == 18  # -1, 0 or 1 px either way, mirrored or not


def test_the_penalty_is_the_squared_difference_per_picture():
    penalty = consistency_penalty(np.array([[1.0], [2.0]]), np.array([[0.5], [4.0]]))
    np.testing.assert_array_equal(np.asarray(penalty), [[0.25], [4.0]])


def test_the_gradient_flows_through_the_pictures():
    weights = pictures(1, 8, 8, 1, seed=3)
    slope = gradient(
        lambda x: ops.sum(translated_and_flipped(x, Same(0.5)) * weights), ops.convert_to_tensor(pictures(1, 8, 8, 1))
    )
    np.testing.assert_array_equal(np.asarray(slope), weights)
