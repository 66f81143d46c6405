import io
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops

from shared.stylegan2 import discriminator, generator, losses
from shared.stylegan2.architecture import Architecture, is_trainable
from shared.stylegan2.backend import ON_JAX, Tensor, Variables, gradients
from shared.stylegan2.hyperparameters import Hyperparameters
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
            {name: ops.convert_to_tensor(value) for name, value in weights.items()}
            for weights in (golden.networks.G, golden.networks.D)
        )
        self._gradients: dict[tuple[str, bool], Callable[..., Any]] = {}
        self.reals = ops.convert_to_tensor(golden.nhwc("reals_uint8_nchw").astype(np.float32) * (2 / 255) - 1)

    def d_main(self, D: Variables | None = None) -> Tensor:
        D = D or self.D
        return losses.discriminator_logistic(self._scores(D, self.reals), self._fake_scores(self.G, D, "loss_D_z"))

    def d_regularization(self, D: Variables | None = None) -> Tensor:
        return losses.r1_penalty(lambda x: self._scores(D or self.D, x), self.reals) * (CONFIG_F.gamma / 2)

    def g_main(self, G: Variables | None = None) -> Tensor:
        return losses.generator_logistic(self._fake_scores(G or self.G, self.D, "loss_G_z"))

    def path_length(self, mean: float = 0.0, G: Variables | None = None) -> losses.PathLength:
        G = G or self.G
        noise = ops.convert_to_tensor(self.golden.nhwc("loss_G_pl_noise"))
        w = self._w(G, "loss_G_pl_z")
        average = ops.convert_to_tensor(mean, "float32")
        return losses.path_length(lambda w: self._synthesis(G, w), w, noise, average, CONFIG_F.pl_decay)

    def g_regularization(self, G: Variables | None = None) -> Tensor:
        return self.path_length(G=G).penalty * CONFIG_F.pl_weight

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
