"""The official programs' side: networks that Python and numpy themselves pickle, under the names of dnnlib."""

import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType

import numpy as np

from shared.stylegan2.weights import Networks, Weights

SOURCE = "raise SystemExit('a program out of a pickle was run')"


class Network:
    """Gives its state, as dnnlib's does."""

    def __init__(self, state: dict[str, object]) -> None:
        self.state = state

    def __getstate__(self) -> dict[str, object]:
        return self.state

    def __setstate__(self, state: dict[str, object]) -> None:
        self.state = state


class EasyDict(dict):
    """A dictionary of dnnlib's own type."""


Network.__module__, EasyDict.__module__ = "dnnlib.tflib.network", "dnnlib.util"


@contextmanager
def dnnlib() -> Iterator[None]:
    """While it lasts, pickles find the classes above under their official names."""
    modules = {name: ModuleType(name) for name in ("dnnlib", "dnnlib.util", "dnnlib.tflib", "dnnlib.tflib.network")}
    modules["dnnlib.tflib.network"].Network = Network
    modules["dnnlib.util"].EasyDict = EasyDict
    sys.modules |= modules
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


def pickled(value: object, protocol: int = 4) -> bytes:
    with dnnlib():
        return pickle.dumps(value, protocol)


def network(name: str, variables: Mapping[str, object], /, **changes: object) -> Network:
    """A network with the state that stylegan2 gives it."""
    listed = [(key, value if np.ndim(value) else np.float32(value)) for key, value in variables.items()]
    state = {
        "version": 4,
        "name": name,
        "static_kwargs": {"num_channels": 3, "resolution": 64, "label_size": 0},
        "components": {},
        "build_module_src": SOURCE,
        "build_func_name": f"{name}_main",
        "variables": listed,
    }
    return Network(state | changes)


def generator(name: str, weights: Weights, **changes: object) -> Network:
    parts = {
        key: network(
            f"G_{key}", {k.removeprefix(f"G_{key}/"): v for k, v in weights.items() if k.startswith(f"G_{key}/")}
        )
        for key in ("synthesis", "mapping")
    }
    top = {key: value for key, value in weights.items() if not key.startswith(("G_synthesis/", "G_mapping/"))}
    return network(name, {"lod": 0.0} | top, **({"components": parts} | changes))


def snapshot(networks: Networks, protocol: int = 4, **changes: object) -> bytes:
    """The file of these networks; `changes` replace entries of every top-level network's state."""
    G, D, Gs = (
        generator("G", networks.G, **changes),
        network("D", networks.D, **changes),
        generator("Gs", networks.Gs, **changes),
    )
    return pickled((G, D, Gs), protocol)
