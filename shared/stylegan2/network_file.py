"""Networks as one file that is safe to open: arrays, and the architecture as JSON text. No TensorFlow.

The runs' own files are .npz; what people exchange is a safetensors file. Both are read wherever a network is wanted.
"""

import json
import operator
from dataclasses import asdict

import numpy as np

from shared.stylegan2 import tensor_file
from shared.stylegan2.architecture import Architecture, discriminator_shapes, generator_shapes
from shared.stylegan2.arrays import Arrays, pack, unpack
from shared.stylegan2.errors import BadFile
from shared.stylegan2.weights import Networks, Weights

_NAMES = ("G", "D", "Gs")
_ARCHITECTURE = "architecture"
_PICKLE = b"\x80"  # how pickles of protocol 2 and later begin
_LATER = ("g_widths", "d_widths", "conv_clamp", "label_fmaps", "cmap_fmaps", "cmap_layers", "cmap_lrmul")
"""Sizes that the first network files did not state: where a file does not state them, they are the defaults."""
_TUPLES = {"g_widths", "d_widths"}


def dump(networks: Networks, half: bool = False) -> bytes:
    """Write `networks` as a .npz file; `half` stores float16, half the size and good for about three digits."""
    dtype = np.float16 if half else np.float32
    arrays = {name: value.astype(dtype) for name, value in _flat(networks).items()}
    return pack({_ARCHITECTURE: np.array(_described(networks.architecture)), **arrays})


def dump_tensors(networks: Networks) -> bytes:
    """Write `networks` as a safetensors file; the architecture is among its metadata."""
    return tensor_file.pack(_flat(networks), {_ARCHITECTURE: _described(networks.architecture)})


def load(file: bytes) -> Networks:
    """Read networks from either file, as float32. Raises BadFile where it is none, WeightsMismatch if incomplete."""
    arrays, described = _contents(file)
    try:
        architecture = _architecture(described[_ARCHITECTURE])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadFile(f"not a network file: no usable architecture ({error})") from error
    return Networks(architecture, *(_network(arrays, name, architecture) for name in _NAMES))


def _described(architecture: Architecture) -> str:
    usual = {name for name in _LATER if getattr(architecture, name) == getattr(Architecture, name)}
    return json.dumps({name: value for name, value in asdict(architecture).items() if name not in usual})


def _architecture(text: str) -> Architecture:
    values = dict(json.loads(text))
    for name in _TUPLES & values.keys():
        values[name] = tuple(operator.index(width) for width in values[name])
    return Architecture(**values)


def _contents(file: bytes) -> tuple[Arrays, dict[str, str]]:
    if tensor_file.is_tensor_file(file):  # first: the length that it begins with may look like a pickle
        return tensor_file.unpack(file)
    if file.startswith(_PICKLE):
        raise BadFile("an official snapshot, which has to be imported first: magritte weights import FILE.pkl")
    arrays = unpack(file)
    return arrays, {_ARCHITECTURE: str(arrays.pop(_ARCHITECTURE))} if _ARCHITECTURE in arrays else {}


def _flat(networks: Networks) -> Arrays:
    return {f"{network}/{name}": value for network in _NAMES for name, value in getattr(networks, network).items()}


def _network(arrays: Arrays, network: str, architecture: Architecture) -> Weights:
    """Return the weights of one network, in the order of the official programs, whatever order the file has."""
    prefix = f"{network}/"
    found = {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
    official = discriminator_shapes(architecture) if network == "D" else generator_shapes(architecture)
    ordered = [name for name in official if name in found] + [name for name in found if name not in official]
    return {name: found[name].astype(np.float32) for name in ordered}
