import numpy as np
import pytest

from services.trainer.learning import device
from shared.recipe.hyperparameters import Precision
from shared.stylegan2.architecture import Architecture

CONFIG_F = Architecture(512)
GIB = 2**30


@pytest.mark.parametrize(("memory", "at_once"), [(4, 4), (16, 4), (40, 8), (80, 16), (1000, 32)])
def test_more_memory_takes_more_pictures_in_equal_parts_of_whole_groups(memory: int, at_once: int) -> None:
    assert device.pictures_at_once(CONFIG_F, 32, Precision.FLOAT32, memory * GIB) == at_once


def test_half_the_precision_takes_twice_the_pictures() -> None:
    precisions = (Precision.FLOAT32, Precision.BFLOAT16)
    at_once = [device.pictures_at_once(CONFIG_F, 32, precision, 40 * GIB) for precision in precisions]
    assert at_once == [8, 16]


def test_a_part_divides_the_minibatch() -> None:
    assert device.pictures_at_once(CONFIG_F, 20, Precision.FLOAT32, 60 * GIB) in (4, 20)


def test_pictures_on_the_device_are_the_pictures() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (600, 4, 4, 3), np.uint8)
    indices = np.array([5, 599, 5, 0])
    np.testing.assert_array_equal(device.DevicePictures(pictures)[indices], pictures[indices])


def test_pictures_may_take_a_quarter_of_the_memory() -> None:
    assert device.fits(2 * GIB, 8 * GIB)
    assert not device.fits(2 * GIB + 1, 8 * GIB)


def test_the_memory_of_this_machine_is_told() -> None:
    assert GIB // 8 < device.memory_bytes() < 2**50
