"""Networks as one file that is safe to open: arrays, and the architecture as JSON text. No TensorFlow."""

import json
from dataclasses import asdict

import numpy as np

from shared.errors import Poison
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.arrays import Arrays, pack, unpack
from shared.stylegan2.weights import Networks, Weights

_NAMES = ("G", "D", "Gs")


def dump(networks: Networks, half: bool = False) -> bytes:
    """The file of these networks; `half` stores float16, half the size and good for about three digits."""
    dtype = np.float16 if half else np.float32
    arrays: Arrays = {
        f"{network}/{name}": value.astype(dtype)
        for network in _NAMES
        for name, value in getattr(networks, network).items()
    }
    return pack({"architecture": np.array(json.dumps(asdict(networks.architecture))), **arrays})


def load(file: bytes) -> Networks:
    """The networks of such a file, in float32. Raises Poison where it is none, WeightsMismatch if it is not whole."""
    arrays = unpack(file)
    try:
        architecture = Architecture(**json.loads(str(arrays.pop("architecture"))))
    except (KeyError, TypeError, ValueError) as error:
        raise Poison(f"not a network file: no usable architecture ({error})") from error
    return Networks(architecture, *(_network(arrays, name) for name in _NAMES))


def _network(arrays: Arrays, network: str) -> Weights:
    prefix = f"{network}/"
    return {
        name.removeprefix(prefix): value.astype(np.float32) for name, value in arrays.items() if name.startswith(prefix)
    }
