"""Networks of stylegan2-ada-pytorch and stylegan3's config "stylegan2": their modules under the names of TensorFlow's.

Every module is looked at, not only its numbers: a module of another class, or one that was built to compute something
else, is refused by name. Names, layouts and signs are those of legacy.py in stylegan2-ada-pytorch, read backwards.
"""

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.objects import PickledArray, PickledModule, Values
from shared.stylegan2.official.torch_names import renamed

_T = TypeVar("_T")

VERSION = 6
"""Version of torch_utils.persistence in both projects; TensorFlow's networks have 4 and 5."""

_CLASSES = {
    *("Generator", "MappingNetwork", "SynthesisNetwork", "SynthesisBlock", "SynthesisLayer", "ToRGBLayer"),
    *("Discriminator", "DiscriminatorBlock", "DiscriminatorEpilogue", "MinibatchStdLayer"),
    *("FullyConnectedLayer", "Conv2dLayer"),
}
_DEEPEST, _MOST_MODULES, _MOST_VARIABLES = 5, 1000, 5000
"""G.synthesis.b8.conv0.affine is 5 deep; at 1024 px G has 66 modules and 150 variables."""
_FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
_CLAMPED = ("SynthesisLayer", "ToRGBLayer", "Conv2dLayer")


@dataclass(frozen=True, eq=False)
class Converted:
    """A network's variables as TensorFlow's would have them, how it was built, and the SHA-256 of its programs."""

    variables: dict[str, Values]
    settings: dict[str, object]
    sources: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Module:
    path: str
    kind: str
    state: dict[object, object]
    source: str

    def refuse(self, why: str) -> BadFile:
        return BadFile(f"{self.path} {why}: only the networks of StyleGAN2 can be read")


def converted(name: str, module: PickledModule, most: int) -> Converted:
    """Convert the network `name`, G, D or G_ema, whose variables must come to no more than `most` bytes.

    Raises BadFile, with a module's path, where it is not one of StyleGAN2.
    """
    modules = _flat(name, module)
    programs = {each.source for each in modules}
    sources = sorted(hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest() for source in programs)
    return Converted(_variables(name, modules, most), _settings(name, modules), tuple(sources))


def _variables(name: str, modules: list[_Module], most: int) -> dict[str, Values]:
    variables: dict[str, Values] = {}
    for path, value in (array for each in modules for array in _arrays(each)):
        most -= value.nbytes
        if most < 0 or len(variables) >= _MOST_VARIABLES:
            raise BadFile("its variables come to more than the file's size: some are named again and again")
        found, values = renamed(name[0], path.partition(".")[2], value)
        if found in variables:
            raise BadFile(f"{name} has {found} twice")
        variables[found] = values
    return variables


def _flat(name: str, module: PickledModule) -> list[_Module]:
    """Return all modules with their paths; raises BadFile for too many or too deep ones, as a cycle would make."""
    found: list[_Module] = []
    waiting = deque([(name, module)])
    while waiting:
        made = _module(*waiting.popleft())
        found.append(made)
        for path, part in _named(made, "_modules", PickledModule):
            if path.count(".") >= _DEEPEST or len(found) + len(waiting) >= _MOST_MODULES:
                raise BadFile(f"{name} has more modules, or deeper ones, than any network")
            waiting.append((path, part))
    return found


def _module(path: str, pickled: PickledModule) -> _Module:
    match pickled.meta:
        case {
            "type": "class",
            "version": int(version),
            "module_src": str(source),
            "class_name": str(kind),
            "state": dict(state),
        }:
            module = _Module(path, kind, state, source)
        case _:
            raise BadFile(f"{path} is not as torch_utils.persistence writes it")
    if version != VERSION:
        raise BadFile(f"{path} is of version {version} of torch_utils.persistence; only {VERSION} is known")
    if kind == "SynthesisInput":
        raise module.refuse("begins with Fourier features, as StyleGAN3's generator does")
    if kind not in _CLASSES:
        raise module.refuse(f"is of the class {kind[:50]!a}")
    return module


def _named(module: _Module, entry: str, kind: type[_T]) -> Iterator[tuple[str, _T]]:
    """Yield paths and values of the module's dictionary `entry`, without those that are None."""
    found = module.state.get(entry)
    if not isinstance(found, dict):
        raise BadFile(f"{module.path} has no {entry}")
    for name, value in found.items():
        if not isinstance(name, str) or not name.isidentifier() or not name.isascii() or len(name) > 50:
            raise BadFile(f"{module.path} has an entry in {entry} with a name that none has")
        if value is None:
            continue
        if not isinstance(value, kind):
            raise BadFile(f"{module.path}.{name} is not what belongs into {entry}")
        yield f"{module.path}.{name}", value


def _arrays(module: _Module) -> Iterator[tuple[str, Values]]:
    for entry in ("_parameters", "_buffers"):
        for path, array in _named(module, entry, PickledArray):
            if array.values is None:
                raise BadFile(f"{path} has no numbers")
            if path.endswith(".resample_filter"):
                if array.values.shape != (4, 4) or not np.allclose(array.values, _FILTER, atol=1e-6):
                    raise module.refuse("resamples with another filter than [1, 3, 3, 1]")
            else:
                yield path, array.values


def _settings(name: str, modules: list[_Module]) -> dict[str, object]:
    """Return the settings that a network was built with, under the names of TensorFlow's networks."""
    for module in modules:
        _check(module)
    found: dict[str, object] = {"conv_clamp": _one(modules, "conv_clamp", *_CLAMPED)}
    layers = [each for each in modules if _is_mapping_layer(each)]
    if layers:
        found["mapping_lrmul"] = _one(layers, "bias_gain", "FullyConnectedLayer")
    if name == "D":
        found["mbstd_group_size"] = _one(modules, "group_size", "MinibatchStdLayer")
    return found


def _one(modules: list[_Module], attribute: str, *kinds: str) -> object:
    """Return the value of `attribute` that all modules of `kinds` share; raises BadFile where they differ."""
    values = [
        (each, each.state.get(attribute))
        for each in modules
        if each.kind in kinds and not (attribute == "conv_clamp" and each.path.endswith(".skip"))
    ]
    if not values:
        raise modules[0].refuse(f"has no {kinds[0]}")
    first = values[0][1]
    for each, value in values:
        if not (value is None or isinstance(value, int | float)) or value != first:
            raise each.refuse(f"has another {attribute} than other layers")
    return first


def _check(module: _Module) -> None:
    """Raise BadFile where a module was built to compute something else than ours."""
    last = module.path.rpartition(".")[2]
    expected: dict[str, object] = {}
    match module.kind:
        case "SynthesisLayer":
            expected = {"activation": "lrelu", "up": 2 if last == "conv0" else 1, "use_noise": True}
        case "SynthesisBlock":
            expected = {"architecture": "skip"}
        case "DiscriminatorBlock" | "DiscriminatorEpilogue":
            expected = {"architecture": "resnet"}
        case "FullyConnectedLayer" if _is_mapping_layer(module):
            expected = {"activation": "lrelu"}
        case "FullyConnectedLayer":
            expected = {"activation": "lrelu" if last == "fc" else "linear", "bias_gain": 1}
        case "Conv2dLayer":
            down = 2 if last in ("conv1", "skip") else 1
            expected = {"activation": "linear" if last == "skip" else "lrelu", "up": 1, "down": down}
    for name, value in expected.items():
        found = module.state.get(name)
        if not isinstance(found, str | int | float) or found != value:
            raise module.refuse(f"was built with another {name} than {value}")


def _is_mapping_layer(module: _Module) -> bool:
    parent, _, last = module.path.rpartition(".")
    return parent.endswith(".mapping") and last.startswith("fc")
