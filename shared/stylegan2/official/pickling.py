"""Writes networks as a snapshot of the official stylegan2, without any program in it.

An official snapshot carries the text of the program that builds it, and the official loader runs that. Here the text
is empty: legacy.py of stylegan2-ada-pytorch does not look at it, and the TensorFlow programs need their own in its
place, by the handler that `magritte weights export` prints.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Networks, Weights

_VERSION = 4
_COMPONENTS = {"synthesis": "G_synthesis_stylegan2", "mapping": "G_mapping"}
_LARGEST_BYTE = 255
_PROTOCOL = b"\x80\x03"
"""Protocol 3, which the Python 3.6 and 3.7 of the official programs can read."""


_NETWORK = b"cdnnlib.tflib.network\nNetwork\n"
_RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
_SCALAR = b"cnumpy.core.multiarray\nscalar\n"
_NDARRAY = b"cnumpy\nndarray\n"
_DTYPE = b"cnumpy\ndtype\n"


def pickled(networks: Networks) -> bytes:
    """The file: the tuple (G, D, Gs), with the variables in the official order and layout."""
    generator, discriminator = _settings(networks.architecture)
    parts = (
        _generator("G", networks.G, generator),
        _network(("D", "D_stylegan2"), discriminator, networks.D),
        _generator("Gs", networks.Gs, generator),
    )
    return b"".join([_PROTOCOL, b"(", *(piece for part in parts for piece in part), b"t."])


def _settings(architecture: Architecture) -> tuple[dict[str, int], dict[str, int]]:
    """Those of G and those of D, all of them: a reader then needs no defaults."""
    both = {
        "num_channels": architecture.num_channels,
        "resolution": architecture.resolution,
        "label_size": architecture.label_size,
        "fmap_base": architecture.fmap_base,
        "fmap_max": architecture.fmap_max,
    }
    generator = {
        "latent_size": architecture.z_size,
        "dlatent_size": architecture.w_size,
        "dlatent_broadcast": architecture.num_ws,
        "mapping_layers": architecture.mapping_layers,
        "mapping_fmaps": architecture.mapping_fmaps,
    }
    discriminator = {
        "mbstd_group_size": architecture.mbstd_group_size,
        "mbstd_num_features": architecture.mbstd_num_features,
    }
    return both | generator, both | discriminator


def _generator(name: str, weights: Weights, settings: Mapping[str, int]) -> Iterator[bytes]:
    main = {key: value for key, value in settings.items() if key != "dlatent_broadcast"}
    components = {
        key: b"".join(
            _network((f"G_{key}", builder), settings if key == "mapping" else main, _of(weights, f"G_{key}/"))
        )
        for key, builder in _COMPONENTS.items()
    }
    top = {"lod": np.zeros((), np.float32), "dlatent_avg": weights["dlatent_avg"]}
    return _network((name, "G_main"), main, top, components)


def _of(weights: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def _network(
    names: tuple[str, str],
    settings: Mapping[str, int],
    variables: Mapping[str, npt.NDArray[np.generic]],
    components: Mapping[str, bytes] | None = None,
) -> Iterator[bytes]:
    """A network's name and builder, and its state; the components are pickled already."""
    yield _NETWORK + b")\x81"
    state: dict[str, bytes] = {
        "version": _plain(_VERSION),
        "name": _plain(names[0]),
        "static_kwargs": _dictionary({key: _plain(value) for key, value in settings.items()}),
        "components": _dictionary(components or {}),
        "build_module_src": _plain(""),
        "build_func_name": _plain(names[1]),
        "variables": _list([_plain(name) + _array(value) + b"\x86" for name, value in variables.items()]),
    }
    yield _dictionary(state) + b"b"


def _dictionary(entries: Mapping[str, bytes]) -> bytes:
    return b"}(" + b"".join(_plain(key) + value for key, value in entries.items()) + b"u"


def _list(items: Sequence[bytes]) -> bytes:
    return b"](" + b"".join(items) + b"e"


def _array(value: npt.NDArray[np.generic]) -> bytes:
    """As numpy pickles it: rank 0 as a scalar, everything else as an empty array that takes a state."""
    little = value.astype("<f4", copy=False)
    data = _bytes(little.tobytes())
    if not little.shape:
        return _SCALAR + _FLOAT32 + data + b"\x86R"
    shape = b"(" + b"".join(_plain(side) for side in little.shape) + b"t"
    empty = _RECONSTRUCT + _NDARRAY + _plain(0) + b"\x85" + _bytes(b"b") + b"\x87R"
    return empty + b"(" + _plain(1) + shape + _FLOAT32 + b"\x89" + data + b"tb"


def _plain(value: int | str) -> bytes:
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    text = value.encode()
    return b"X" + struct.pack("<I", len(text)) + text


def _bytes(data: bytes) -> bytes:
    if len(data) <= _LARGEST_BYTE:
        return b"C" + bytes([len(data)]) + data
    return b"B" + struct.pack("<I", len(data)) + data


_FLOAT32 = (
    _DTYPE
    + (_plain("f4") + _plain(0) + _plain(1) + b"\x87R")
    + (b"(" + _plain(3) + _plain("<") + b"NNN" + _plain(-1) + _plain(-1) + _plain(0) + b"tb")
)
"""The type of an array's numbers, as numpy pickles it."""
