import numpy as np
from keras import ops

from shared.stylegan2 import discriminator, perception
from shared.stylegan2.layers import activated, convolution, dense, lrelu
from shared.stylegan2.weights import Networks


def pictures(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 8, 8, 3)).astype(np.float32)


def far(toy: Networks, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    seen = (perception.appearance(toy.architecture, toy.D, each) for each in (first, second))
    return np.asarray(perception.distance(*seen))


def test_the_last_maps_are_those_that_the_official_scores_are_made_of(golden):
    architecture, D = golden.networks.architecture, golden.networks.D
    reals = discriminator.scaled(golden.nhwc("reals_uint8_nchw"))
    x = list(discriminator.maps(architecture, D, reals))[-1]
    x = ops.concatenate([x, discriminator.minibatch_stddev(x, 4, 1)], axis=3)
    x = activated(D, "4x4/Conv", convolution(D, "4x4/Conv", x, np.sqrt(2)))
    x = dense(D, "Output", lrelu(dense(D, "4x4/Dense0", ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (len(x), -1)))))
    if architecture.label_size:
        x = ops.sum(x * golden["labels"], axis=1, keepdims=True)
    np.testing.assert_allclose(x, golden["D_scores_real_n8"], atol=1e-4)


def test_the_distance_is_that_of_unit_vectors_of_maps_and_of_pixels_at_every_size(toy):
    first, second = pictures(1), pictures(1, seed=2)
    expected = 0.0
    both = [list(discriminator.maps(toy.architecture, toy.D, each)) for each in (first, second)]
    for one, other in zip(*both, strict=True):
        units = [np.asarray(maps) / np.linalg.norm(maps, axis=3, keepdims=True) for maps in (one, other)]
        expected += np.square(units[0] - units[1]).sum(axis=3).mean() / len(both[0])
    halves = [each.reshape(1, 4, 2, 4, 2, 3).mean(axis=(2, 4)) for each in (first, second)]
    for one, other in ((first, second), halves):
        expected += perception.PIXELS * np.square(one - other).sum(axis=3).mean() / 2
    np.testing.assert_allclose(far(toy, first, second), [expected], rtol=1e-4)


def test_each_picture_has_a_distance_of_its_own_and_none_from_itself(toy):
    first, second = pictures(2), pictures(2, seed=2)
    second[1] = first[1]
    alone = far(toy, first[:1], second[:1])
    np.testing.assert_allclose(far(toy, first, second), [alone[0], 0], atol=1e-5)
    assert alone[0] > 0.1
