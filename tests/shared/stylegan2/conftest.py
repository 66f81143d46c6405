import io
import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from shared.stylegan2.architecture import Architecture
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
