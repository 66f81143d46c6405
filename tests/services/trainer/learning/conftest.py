import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from keras import ops

from services.trainer.learning import losses
from shared.recipe.hyperparameters import Hyperparameters
from shared.stylegan2 import discriminator, generator
from shared.stylegan2.architecture import is_trainable
from shared.stylegan2.backend import ON_JAX, Tensor, Variables, gradients
from tests.shared.stylegan2.conftest import Golden, golden, toy

__all__ = ["golden", "toy"]  # fixtures

CONFIG_F = Hyperparameters()

QUICKLY_COMPILED = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true --xla_cpu_use_fusion_emitters=false"
)
"""For XLA: compiling takes most of the time, and what is compiled runs for a few steps."""

os.environ.setdefault("XLA_FLAGS", QUICKLY_COMPILED)


class OfficialLosses:
    """The losses of the golden networks on the golden inputs, with stored noise, and their gradients."""

    def __init__(self, golden) -> None:
        self.golden = golden
        self.architecture = golden.networks.architecture
        self.G, self.D = (
            {name: ops.convert_to_tensor(value) for name, value in weights.items()}
            for weights in (golden.networks.G, golden.networks.D)
        )
        self._gradients: dict[tuple[str, bool], Callable[..., Any]] = {}
        self.reals = ops.convert_to_tensor(golden.nhwc("reals_uint8_nchw").astype(np.float32) * (2 / 255) - 1)

    def d_main(self, D: Variables | None = None) -> Tensor:
        D = D or self.D
        return losses.discriminator_logistic(self._scores(D, self.reals), self._fake_scores(self.G, D, "loss_D_z"))

    def d_regularization(self, D: Variables | None = None) -> Tensor:
        return losses.r1_penalty(lambda x: self._scores(D or self.D, x), self.reals) * (CONFIG_F.r1_gamma / 2)

    def g_main(self, G: Variables | None = None) -> Tensor:
        return losses.generator_logistic(self._fake_scores(G or self.G, self.D, "loss_G_z"))

    def path_length(self, mean: float = 0.0, G: Variables | None = None) -> losses.PathLength:
        G = G or self.G
        noise = ops.convert_to_tensor(self.golden.nhwc("loss_G_pl_noise"))
        w = self._w(G, "loss_G_pl_z")
        average = ops.convert_to_tensor(mean, "float32")
        return losses.path_length(lambda w: self._synthesis(G, w), w, noise, average, CONFIG_F.pl_decay)

    def g_regularization(self, G: Variables | None = None) -> Tensor:
        return self.path_length(G=G).penalty * CONFIG_F.path_length_weight

    def gradient(
        self, loss: str, interval: int, jit_compile: bool = False, at: Variables | None = None
    ) -> dict[str, np.ndarray]:
        """Of the mean of a loss times the interval, by every trainable variable of the network that the loss trains.

        `at` are other values of these variables.
        """
        network = getattr(self, loss[0].upper())
        learning = {name: value for name, value in network.items() if is_trainable(name)}
        key = loss, jit_compile
        if key not in self._gradients:

            def slopes(variables: Variables) -> dict[str, Tensor]:
                def total(learning: Variables) -> tuple[Tensor, None]:
                    return ops.mean(getattr(self, loss)({**network, **learning})) * interval, None

                return gradients(total, variables)[0]

            self._gradients[key] = compiled(slopes, jit_compile)
        return {name: np.array(slope) for name, slope in self._gradients[key](dict(at or learning)).items()}

    def _w(self, G: Variables, key: str) -> Tensor:
        z = self.golden[key]
        w = generator.mapping(self.architecture, G, z, self.golden["labels"][: len(z)])
        return generator.broadcast(self.architecture, w)

    def _synthesis(self, G: Variables, w: Tensor) -> Tensor:
        return generator.synthesis(self.architecture, G, w, generator.stored_noise(self.architecture, G))

    def _scores(self, D: Variables, pictures: Tensor) -> Tensor:
        labels = self.golden["labels"][: pictures.shape[0]]
        return discriminator.scores(self.architecture, D, pictures, labels)

    def _fake_scores(self, G: Variables, D: Variables, key: str) -> Tensor:
        return self._scores(D, self._synthesis(G, self._w(G, key)))


def compiled(function: Callable[..., Any], by_xla: bool) -> Callable[..., Any]:
    """The function as a graph, compiled by XLA or, on TensorFlow only, not."""
    if ON_JAX:
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, autograph=False, jit_compile=by_xla)


@pytest.fixture(scope="session")
def official(golden: Golden) -> OfficialLosses:
    return OfficialLosses(golden)
