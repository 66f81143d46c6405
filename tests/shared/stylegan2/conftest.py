import io
import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from shared.stylegan2 import discriminator, generator, losses
from shared.stylegan2.architecture import Architecture, is_trainable
from shared.stylegan2.hyperparameters import Hyperparameters
from shared.stylegan2.layers import Tensor
from shared.stylegan2.weights import Networks, Weights

GOLDEN = Path(__file__).parents[4] / "shared" / "golden"
OFFICIAL_NAMES = {"latent_size": "z_size", "dlatent_size": "w_size"}


class OfficialNetwork:
    """Takes the state of a dnnlib Network, and does nothing with it."""

    state: dict

    def __setstate__(self, state: dict) -> None:
        self.state = state

    def variables(self) -> Weights:
        found = {name: np.asarray(value, np.float32) for name, value in self.state["variables"]}
        for component in self.state["components"].values():
            name = component.state["name"]
            found |= {f"{name}/{variable}": value for variable, value in component.variables().items()}
        return {name: value for name, value in found.items() if name != "lod"}


class OfficialUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        return {
            ("dnnlib.tflib.network", "Network"): OfficialNetwork,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
            ("numpy.core.multiarray", "scalar"): np._core.multiarray.scalar,
        }[module, name]


@dataclass(frozen=True)
class Golden:
    """A network of the official project and what that project computes with it."""

    networks: Networks
    expected: dict[str, np.ndarray]
    cutoff: int

    def __getitem__(self, key: str) -> np.ndarray:
        return self.expected[key]

    def nhwc(self, key: str) -> np.ndarray:
        return self.expected[key].transpose(0, 2, 3, 1)


@pytest.fixture(scope="session", params=["stylegan2-r64", "stylegan2-r16-labels-gray"])
def golden(request: pytest.FixtureRequest) -> Golden:
    if not GOLDEN.is_dir():
        pytest.skip("the golden data of the reference shelf are not here")
    with np.load(GOLDEN / "expected" / f"{request.param}.npz", allow_pickle=False) as answers:
        expected = dict(answers)
    spec = json.loads(str(expected["spec_json"]))
    architecture = Architecture(**{OFFICIAL_NAMES.get(name, name): value for name, value in spec.items()})
    pickled = (GOLDEN / "networks" / f"{request.param}.pkl").read_bytes()
    G, D, Gs = (network.variables() for network in OfficialUnpickler(io.BytesIO(pickled)).load())
    return Golden(Networks(architecture, G, D, Gs), expected, cutoff=4 if architecture.resolution == 64 else 2)


@pytest.fixture(scope="session")
def toy() -> Networks:
    """Smallest networks that have every kind of layer: 8 px."""
    return Networks.fresh(Architecture(8, fmap_max=8, z_size=6, w_size=5, mapping_layers=2, mapping_fmaps=7), seed=3)


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
        self._gradients: dict[tuple[str, bool], tf.types.experimental.PolymorphicFunction] = {}
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

    def gradient(self, loss: str, interval: int, jit_compile: bool = False) -> dict[str, np.ndarray]:
        """Of the mean of a loss times the interval, by every trainable variable of the network that the loss trains."""
        learning = {name: value for name, value in getattr(self, loss[0].upper()).items() if value.trainable}
        key = loss, jit_compile
        if key not in self._gradients:
            self._gradients[key] = tf.function(
                lambda: self._slopes(loss, interval, learning), autograph=False, jit_compile=jit_compile
            )
        return {name: slope.numpy() for name, slope in zip(learning, self._gradients[key](), strict=True)}

    def _slopes(self, loss: str, interval: int, learning: dict[str, tf.Variable]) -> list[Tensor]:
        with tf.GradientTape() as tape:
            total = tf.reduce_mean(getattr(self, loss)()) * interval
        return tape.gradient(total, list(learning.values()), unconnected_gradients=tf.UnconnectedGradients.ZERO)

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


@pytest.fixture(scope="session")
def official(golden: Golden) -> OfficialLosses:
    return OfficialLosses(golden)
