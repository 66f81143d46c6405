import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.errors import Misfit
from shared.stylegan2.grid import to_uint8
from shared.stylegan2.inference import Generator, Truncation, latents
from shared.stylegan2.picture_set import Selection
from shared.stylegan2.quality.evaluation import Evaluator, draw_samples, is_enough_for_frechet
from shared.stylegan2.quality.inception import OTHER_WEIGHTS, Inception
from shared.stylegan2.weights import Networks

ARCHITECTURE = Architecture(8, fmap_max=8, z_size=6, w_size=5, mapping_layers=2, mapping_fmaps=7, label_size=3)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks.fresh(ARCHITECTURE, seed=3)


def pictures(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)


def whole(reals: np.ndarray) -> Selection:
    return Selection(reals, np.arange(len(reals)))


def test_the_pictures_are_those_of_the_official_seeds_with_the_labels_in_turn(networks: Networks) -> None:
    labels, progress = np.eye(3, dtype=np.float32)[[2, 0]], []
    drawn = draw_samples(networks, 19, 0.7, labels, progress.append)
    expected = Generator(ARCHITECTURE, networks.Gs).pictures(latents([17], 6), labels[[1]], Truncation(0.7))
    assert np.abs(drawn[17].astype(int) - to_uint8(expected)[0]).max() <= 1
    assert drawn.shape == (19, 8, 8, 3)
    assert sum(progress) == 19


def test_a_data_set_measured_by_itself_is_perfect_and_memorised() -> None:
    reals = pictures(30, seed=1)
    found = Evaluator(reals, whole(reals), None).measure(reals)
    assert (found.sliced.mean, found.memorised, found.kernel, found.frechet) == (0, 1, None, None)


def test_the_features_of_an_inception_network_are_compared() -> None:
    means = Inception(False, OTHER_WEIGHTS, lambda shown: shown.mean(axis=(1, 2)) / 255)
    reals, near, far = pictures(60, seed=1), pictures(60, seed=2), pictures(60, seed=3) // 2
    evaluator = Evaluator(reals, whole(reals), means)
    of_near, of_far = evaluator.measure(near), evaluator.measure(far)
    assert of_near.kernel is not None
    assert of_far.kernel is not None
    assert abs(of_near.kernel.mean) < of_far.kernel.mean / 100
    assert 0 < (of_near.frechet or 0) < (of_far.frechet or 0) / 100


def test_all_training_pictures_are_looked_at_for_memorising() -> None:
    reals = pictures(30, seed=1)
    found = Evaluator(reals, Selection(reals, np.arange(2)), None).measure(reals[20:22])
    assert found.nearest.indices[:, 0].tolist() == [20, 21]


def test_one_picture_is_no_yardstick() -> None:
    reals = pictures(1, seed=1)
    with pytest.raises(Misfit, match="at least two are needed"):
        Evaluator(reals, whole(reals), None)


def test_frechet_wants_5000_of_each() -> None:
    assert is_enough_for_frechet(5000, 50_000)
    assert not is_enough_for_frechet(4999, 50_000)
