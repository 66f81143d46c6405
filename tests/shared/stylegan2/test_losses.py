from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from shared.stylegan2 import discriminator, generator, losses
from shared.stylegan2.architecture import is_trainable
from shared.stylegan2.hyperparameters import Hyperparameters
from shared.stylegan2.layers import Tensor

CONFIG_F = Hyperparameters()


class OfficialLosses:
    """The losses of the golden networks on the golden inputs, with stored noise, and their gradients."""

    def __init__(self, golden) -> None:
        self.golden = golden
        self.architecture = golden.networks.architecture
        self.G, self.D = (
            {name: tf.Variable(value, trainable=is_trainable(name)) for name, value in weights.items()}
            for weights in (golden.networks.G, golden.networks.D)
        )
        self.reals = golden.nhwc("reals_uint8_nchw").astype(np.float32) * (2 / 255) - 1

    def d_main(self) -> Tensor:
        real_scores = self._scores(tf.constant(self.reals))
        return losses.discriminator_logistic(real_scores, self._fake_scores("loss_D_z"))

    def d_regularization(self) -> Tensor:
        return losses.r1_penalty(self._scores, tf.constant(self.reals)) * (CONFIG_F.gamma / 2)

    def g_main(self) -> Tensor:
        return losses.generator_logistic(self._fake_scores("loss_G_z"))

    def path_length(self, mean: float = 0.0) -> losses.PathLength:
        noise = tf.constant(self.golden.nhwc("loss_G_pl_noise"))
        w = self._w("loss_G_pl_z")
        return losses.path_length(self._synthesis, w, noise, tf.constant(mean), CONFIG_F.pl_decay)

    def g_regularization(self) -> Tensor:
        return self.path_length().penalty * CONFIG_F.pl_weight

    def gradient(self, loss: Callable[[], Tensor], interval: int) -> dict[str, np.ndarray]:
        variables = self.D if loss in (self.d_main, self.d_regularization) else self.G
        learning = {name: variable for name, variable in variables.items() if variable.trainable}

        @tf.function(autograph=False)
        def gradients() -> list[Tensor]:
            with tf.GradientTape() as tape:
                total = tf.reduce_mean(loss()) * interval
            return tape.gradient(total, list(learning.values()), unconnected_gradients=tf.UnconnectedGradients.ZERO)

        return {name: slope.numpy() for name, slope in zip(learning, gradients(), strict=True)}

    def _w(self, key: str) -> Tensor:
        z = self.golden[key]
        w = generator.mapping(self.architecture, self.G, z, self.golden["labels"][: len(z)])
        return generator.broadcast(self.architecture, w)

    def _synthesis(self, w: Tensor) -> Tensor:
        noises = generator.stored_noise(self.architecture, self.G)
        return generator.synthesis(self.architecture, self.G, w, noises)

    def _scores(self, pictures: Tensor) -> Tensor:
        labels = self.golden["labels"][: pictures.shape[0]]
        return discriminator.scores(self.architecture, self.D, pictures, labels)

    def _fake_scores(self, key: str) -> Tensor:
        return self._scores(self._synthesis(self._w(key)))


@pytest.fixture(scope="module")
def official(golden) -> OfficialLosses:
    return OfficialLosses(golden)


def test_the_logistic_losses_are_the_official_ones(official):
    np.testing.assert_allclose(official.g_main(), official.golden["G_loss"], atol=1e-5)
    np.testing.assert_allclose(official.d_main(), official.golden["D_loss"], atol=1e-5)


def test_r1_is_the_official_one(official):
    np.testing.assert_allclose(official.d_regularization(), official.golden["D_r1_reg"], rtol=1e-4)


def test_path_length_is_the_official_one(official):
    first = official.path_length(float(official.golden["pl_mean_before"]))
    np.testing.assert_allclose(first.lengths, official.golden["pl_lengths_step1"], rtol=1e-4)
    np.testing.assert_allclose(first.mean, official.golden["pl_mean_step1"], rtol=1e-4)
    np.testing.assert_allclose(2 * first.penalty, official.golden["G_pl_reg_step1"], rtol=1e-4)
    second = official.path_length(float(first.mean))
    np.testing.assert_allclose(second.mean, official.golden["pl_mean_step2"], rtol=1e-4)
    np.testing.assert_allclose(2 * second.penalty, official.golden["G_pl_reg_step2"], rtol=1e-4)


@pytest.mark.parametrize(
    ("loss", "network", "key", "interval"),
    [
        ("d_main", "D", "loss", 1),
        ("d_regularization", "D", "reg", CONFIG_F.d_interval),
        ("g_main", "G", "loss", 1),
        ("g_regularization", "G", "reg", CONFIG_F.g_interval),
    ],
)
def test_gradients_are_the_official_ones(official, loss, network, key, interval):
    golden = official.golden
    gradient = official.gradient(getattr(official, loss), interval)
    names = [str(name) for name in golden[f"{network}_trainable_names"]]
    norms = [np.linalg.norm(gradient[name].astype(np.float64)) for name in names]
    np.testing.assert_allclose(norms, golden[f"{network}_{key}_grad_l2"], rtol=2e-3, atol=1e-7)
    assert set(names) == set(gradient)
    for name in names:
        expected = golden.expected.get(f"grad_{network}{key}:{name}")
        if expected is not None:
            np.testing.assert_allclose(gradient[name], expected, rtol=5e-3, atol=1e-3 * np.abs(expected).max())
