import numpy as np
import pytest
from keras import ops

from services.trainer.learning.augmentation import color
from services.trainer.learning.augmentation.gated_draws import GatedDraws
from services.trainer.learning.augmentation.pipe import Pipe
from tests.services.trainer.learning.augmentation.sources import Same, pictures


def recolored(x: np.ndarray, pipe: Pipe, uniform: float = 0.9) -> np.ndarray:
    return ops.convert_to_numpy(color.recolored(ops.convert_to_tensor(x), GatedDraws(Same(uniform), 1.0, len(x)), pipe))


@pytest.mark.parametrize("pipe", [Pipe.HUE, Pipe.SATURATION])
def test_hue_and_saturation_leave_grey_and_lightness_alone(pipe: Pipe):
    x = pictures(2, 4, 4, 3)
    grey = np.repeat(x[..., :1], 3, axis=3)
    np.testing.assert_allclose(recolored(grey, pipe), grey, atol=1e-6)
    np.testing.assert_allclose(recolored(x, pipe).mean(axis=3), x.mean(axis=3), atol=1e-6)
    assert np.abs(recolored(x, pipe) - x).max() > 0.1


def test_a_third_of_a_turn_of_the_hue_exchanges_the_channels():
    x = pictures(1, 4, 4, 3)
    np.testing.assert_allclose(recolored(x, Pipe.HUE, uniform=1 / 2 + 1 / 3), x[..., [2, 0, 1]], atol=1e-6)


def test_the_luma_flip_negates_grey_and_keeps_differences_of_channels():
    x = pictures(1, 4, 4, 3)
    found = recolored(x, Pipe.LUMAFLIP)
    np.testing.assert_allclose(found.mean(axis=3), -x.mean(axis=3), atol=1e-6)
    np.testing.assert_allclose(np.diff(found, axis=3), np.diff(x, axis=3), atol=1e-6)


def test_one_channel_is_treated_as_grey():
    x = pictures(2, 4, 4, 1)
    expected = recolored(np.repeat(x, 3, axis=3), Pipe.COLOR)[..., :1]
    np.testing.assert_allclose(recolored(x, Pipe.COLOR), expected, atol=1e-6)
