"""Writes networks as a snapshot of the official stylegan2 or stylegan2-ada, without any program in it.

An official snapshot carries the text of the program that builds it, and the official loader runs that. Here the text
is empty: legacy.py of stylegan2-ada-pytorch does not look at it, and the TensorFlow programs need their own in its
place, by the handler that `magritte weights export` prints.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.errors import Misfit
from shared.stylegan2.official.widths import rule
from shared.stylegan2.weights import Networks, Weights


@dataclass(frozen=True)
class Program:
    """An official program: the version of its networks, and the functions that build them."""

    version: int
    synthesis: str
    discriminator: str


STYLEGAN2 = Program(4, "G_synthesis_stylegan2", "D_stylegan2")
STYLEGAN2_ADA = Program(5, "G_synthesis", "D_main")

_Settings = dict[str, float]

_LARGEST_BYTE = 255
_PROTOCOL = b"\x80\x03"
"""Protocol 3, which the Python 3.6 and 3.7 of the official programs can read."""


_NETWORK = b"cdnnlib.tflib.network\nNetwork\n"
_RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
_SCALAR = b"cnumpy.core.multiarray\nscalar\n"
_NDARRAY = b"cnumpy\nndarray\n"
_DTYPE = b"cnumpy\ndtype\n"


def program_of(architecture: Architecture) -> Program:
    """Return the official program that builds such networks. Raises Misfit where none does."""
    labels = {bool(width) for width in (architecture.label_fmaps, architecture.cmap_fmaps) if architecture.label_size}
    if len(labels) > 1 or (labels == {False} and architecture.conv_clamp):
        raise Misfit(
            "its networks take labels partly as stylegan2 does and partly as stylegan2-ada, and no official program "
            "builds such networks; export it as .safetensors"
        )
    return STYLEGAN2_ADA if True in labels or architecture.conv_clamp else STYLEGAN2


def pickled(networks: Networks) -> bytes:
    """Pickle `networks` as the tuple (G, D, Gs), with the variables in the official order and layout.

    Raises Misfit where no official program builds such networks.
    """
    architecture = networks.architecture
    program = program_of(architecture)
    generator, discriminator = _settings(architecture)
    parts = (
        _generator(program, "G", networks.G, generator),
        _network(program.version, ("D", program.discriminator), discriminator, networks.D),
        _generator(program, "Gs", networks.Gs, generator),
    )
    return b"".join([_PROTOCOL, b"(", *(piece for part in parts for piece in part), b"t."])


def _settings(architecture: Architecture) -> tuple[_Settings, _Settings]:
    """Return the settings of G and those of D, all of them: a reader then needs no defaults."""
    both: _Settings = {
        "num_channels": architecture.num_channels,
        "resolution": architecture.resolution,
        "label_size": architecture.label_size,
    }
    if architecture.conv_clamp:
        both["conv_clamp"] = architecture.conv_clamp
    return both | _settings_of_generator(architecture), both | _settings_of_discriminator(architecture)


def _settings_of_generator(architecture: Architecture) -> _Settings:
    found: _Settings = {
        **_fmaps(architecture, "G", {side: architecture.fmaps(side) for side in architecture.sides}),
        "latent_size": architecture.z_size,
        "dlatent_size": architecture.w_size,
        "dlatent_broadcast": architecture.num_ws,
        "mapping_layers": architecture.mapping_layers,
        "mapping_fmaps": architecture.mapping_fmaps,
    }
    return found | ({"label_fmaps": architecture.label_fmaps} if architecture.label_fmaps else {})


def _settings_of_discriminator(architecture: Architecture) -> _Settings:
    found: _Settings = {
        **_fmaps(architecture, "D", {side: architecture.d_fmaps(side) for side in (2, *architecture.sides)}),
        "mbstd_group_size": architecture.mbstd_group_size,
        "mbstd_num_features": architecture.mbstd_num_features,
    }
    if architecture.cmap_fmaps:
        found["mapping_layers"] = architecture.cmap_layers
        found["mapping_fmaps"] = architecture.cmap_fmaps
        found["mapping_lrmul"] = architecture.cmap_lrmul
    return found


def _fmaps(architecture: Architecture, network: str, widths: Mapping[int, int]) -> _Settings:
    """Return fmap_base and fmap_max of `widths`, the architecture's own where they fit. Raises Misfit if none do."""
    stages = {side.bit_length() - 2: width for side, width in widths.items()}
    usual = all(architecture.nf(stage) == width for stage, width in stages.items())
    found = (architecture.fmap_base, architecture.fmap_max) if usual else rule(stages)
    if found is None:
        raise Misfit(f"{network} has widths that no fmap_base and fmap_max give; export it as .safetensors")
    return {"fmap_base": found[0], "fmap_max": found[1]}


def _generator(program: Program, name: str, weights: Weights, settings: _Settings) -> Iterator[bytes]:
    version = program.version
    main = {key: value for key, value in settings.items() if key != "dlatent_broadcast"}
    synthesis = _network(version, ("G_synthesis", program.synthesis), main, _of(weights, "G_synthesis/"))
    mapping = _network(version, ("G_mapping", "G_mapping"), settings, _of(weights, "G_mapping/"))
    components = {"synthesis": b"".join(synthesis), "mapping": b"".join(mapping)}
    lod = {"lod": np.zeros((), np.float32)} if program is STYLEGAN2 else {}
    return _network(version, (name, "G_main"), main, lod | {"dlatent_avg": weights["dlatent_avg"]}, components)


def _of(weights: Weights, prefix: str) -> Weights:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def _network(
    version: int,
    names: tuple[str, str],
    settings: _Settings,
    variables: Mapping[str, npt.NDArray[np.generic]],
    components: Mapping[str, bytes] | None = None,
) -> Iterator[bytes]:
    """Yield the pickled parts of a network; the components are pickled already."""
    yield _NETWORK + b")\x81"
    state: dict[str, bytes] = {
        "version": _plain(version),
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
    """Pickle an array as numpy does: rank 0 as a scalar, everything else as an empty array that takes a state."""
    little = value.astype("<f4", copy=False)
    data = _bytes(little.tobytes())
    if not little.shape:
        return _SCALAR + _FLOAT32 + data + b"\x86R"
    shape = b"(" + b"".join(_plain(side) for side in little.shape) + b"t"
    empty = _RECONSTRUCT + _NDARRAY + _plain(0) + b"\x85" + _bytes(b"b") + b"\x87R"
    return empty + b"(" + _plain(1) + shape + _FLOAT32 + b"\x89" + data + b"tb"


def _plain(value: float | str) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return b"X" + struct.pack("<I", len(text)) + text
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    return b"G" + struct.pack(">d", value)


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
