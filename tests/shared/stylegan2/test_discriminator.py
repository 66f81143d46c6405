import numpy as np
import pytest

from shared.stylegan2 import discriminator


def scores(golden, pictures: np.ndarray, first: int = 0) -> np.ndarray:
    labels = golden["labels"][first : first + len(pictures)]
    return np.array(discriminator.scores(golden.networks.architecture, golden.networks.D, pictures, labels))


@pytest.mark.parametrize("count", [8, 4, 2])
def test_scores_of_fakes_depend_on_the_batch_as_officially(golden, count):
    fakes = fakes_of(golden)[:count]
    np.testing.assert_allclose(scores(golden, fakes), golden[f"D_scores_fake_n{count}"], atol=1e-5)


def test_scores_of_single_fakes_are_the_official_ones(golden):
    alone = [scores(golden, fake[None], first=i)[0] for i, fake in enumerate(fakes_of(golden))]
    np.testing.assert_allclose(alone, golden["D_scores_fake_n1_each"], atol=1e-5)


def test_scores_of_reals_are_the_official_ones(golden):
    reals = golden.nhwc("reals_uint8_nchw").astype(np.float32) * (2 / 255) - 1
    np.testing.assert_allclose(scores(golden, reals), golden["D_scores_real_n8"], atol=1e-5)


def test_a_batch_that_is_no_multiple_of_the_group_is_refused():
    with pytest.raises(ValueError, match="6 is not a multiple of the minibatch-stddev group of 4"):
        discriminator.minibatch_stddev(np.zeros((6, 4, 4, 8), np.float32), 4, 1)


def test_several_stddev_features_average_over_neighbouring_maps():
    x = np.random.default_rng(5).standard_normal((6, 4, 4, 8)).astype(np.float32)
    groups = x.reshape(3, 2, 4, 4, 2, 4)
    expected = np.sqrt(groups.var(axis=0) + 1e-8).mean(axis=(1, 2, 4))
    found = np.array(discriminator.minibatch_stddev(x, 3, 2))
    np.testing.assert_allclose(found[:, 0, 0], np.tile(expected, (3, 1)), rtol=1e-5)
    assert found.shape == (6, 4, 4, 2)


def fakes_of(golden) -> np.ndarray:
    return golden.nhwc("Gs_images_psi1")
