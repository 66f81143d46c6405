import numpy as np

from shared.stylegan2 import generator
from shared.stylegan2.inference import Generator
from shared.stylegan2.w_space import sampled_w


def test_samples_are_the_w_of_the_official_seed_and_of_one_class(golden):
    architecture, Gs = golden.networks.architecture, golden.networks.Gs
    labels = np.eye(architecture.label_size, dtype=np.float32)[1:2] if architecture.label_size else None
    found = sampled_w(Generator(architecture, Gs), labels)
    z = np.random.RandomState(123).randn(10000, architecture.z_size)[[0, 999, 1000, 9999]].astype(np.float32)
    one_hot = np.zeros((4, architecture.label_size), np.float32)
    one_hot[:, 1:2] = 1
    np.testing.assert_allclose(found[[0, 999, 1000, 9999]], generator.mapping(architecture, Gs, z, one_hot), atol=1e-5)
    assert len(found) == 10000
