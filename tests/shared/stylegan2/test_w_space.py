import numpy as np

from shared.stylegan2 import generator
from shared.stylegan2.inference import Generator
from shared.stylegan2.w_space import Variation, sampled_w


def test_samples_are_the_w_of_the_official_seed_and_of_one_class(golden):
    architecture, Gs = golden.networks.architecture, golden.networks.Gs
    labels = np.eye(architecture.label_size, dtype=np.float32)[1:2] if architecture.label_size else None
    found = sampled_w(Generator(architecture, Gs), labels)
    z = np.random.RandomState(123).randn(10000, architecture.z_size)[[0, 999, 1000, 9999]].astype(np.float32)
    one_hot = np.zeros((4, architecture.label_size), np.float32)
    one_hot[:, 1:2] = 1
    np.testing.assert_allclose(found[[0, 999, 1000, 9999]], generator.mapping(architecture, Gs, z, one_hot), atol=1e-5)
    assert len(found) == 10000


def test_differences_vary_as_the_samples_do_in_their_main_directions():
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    scales = np.array([5, 2, 1, 0.01])
    samples = (rng.standard_normal((10000, 4)) * scales) @ turn + 7
    variation = Variation.of(samples.astype(np.float32))
    assert len(variation.deviations) == 2  # 29 of 30 parts of the variance
    np.testing.assert_allclose(variation.deviations, [5, 2], rtol=0.05)
    drawn = variation.drawn(20000, seed=2)
    expected = (turn.T * [25, 4, 0, 0]) @ turn
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), expected, atol=0.8)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.15)
    np.testing.assert_array_equal(drawn[:3], variation.drawn(20000, seed=2)[:3])
