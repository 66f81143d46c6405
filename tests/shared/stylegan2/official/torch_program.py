"""The PyTorch programs' side without PyTorch: modules that Python pickles under the names of torch and torch_utils.

What a tensor's storage pickles to is written here byte by byte as torch/serialization.py does it, in both formats.
"""

import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from unittest.mock import patch

import numpy as np

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Networks, Weights

SOURCE = "raise SystemExit('a program out of a pickle was run')"
FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 64


class FloatStorage: ...


class HalfStorage: ...


class DoubleStorage: ...


def _rebuild_tensor_v2(*arguments: object) -> None: ...
def _rebuild_parameter(*arguments: object) -> None: ...
def _load_from_bytes(data: bytes) -> None: ...
def _reconstruct_persistent_obj(meta: dict[str, object]) -> None: ...


class EasyDict(dict): ...


PLACES = {
    "torch": (FloatStorage, HalfStorage, DoubleStorage),
    "torch._utils": (_rebuild_tensor_v2, _rebuild_parameter),
    "torch.storage": (_load_from_bytes,),
    "torch_utils.persistence": (_reconstruct_persistent_obj,),
    "torch_utils": (),
    "dnnlib": (),
    "dnnlib.util": (EasyDict,),
}
TYPES = {"f4": FloatStorage, "f2": HalfStorage, "f8": DoubleStorage}

for _place, _things in PLACES.items():
    for _thing in _things:
        _thing.__module__ = _place


@contextmanager
def torch() -> Iterator[None]:
    """While it lasts, pickles find the things above under their official names."""
    modules = {name: ModuleType(name) for name in PLACES}
    for name, things in PLACES.items():
        for thing in things:
            setattr(modules[name], thing.__name__, thing)
    with patch.dict(sys.modules, modules):
        yield


@dataclass
class Calls:
    """Pickles as a call."""

    function: object
    arguments: tuple[object, ...]

    def __reduce__(self) -> tuple[object, ...]:
        return self.function, self.arguments


@dataclass
class Storage:
    """Stands for the storage of the pickle within a tensor's bytes."""

    identity: tuple[object, ...]


class StoragePickler(pickle.Pickler):
    def persistent_id(self, value: object) -> object:
        return value.identity if isinstance(value, Storage) else None


def dumped(value: object) -> bytes:
    file = io.BytesIO()
    with torch():
        StoragePickler(file, 2).dump(value)
    return file.getvalue()


def in_a_row(numbers: np.ndarray) -> bytes:
    """torch.save(storage, _use_new_zipfile_serialization=False)."""
    key, location = "94512345678912", "cpu"
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    kind = TYPES[numbers.dtype.str[1:]]
    storage = Storage(("storage", kind, key, location, numbers.size, None))
    pickles = [0x1950A86A20F9469CFC6C, 1001, system, storage, [key]]
    return b"".join(map(dumped, pickles)) + numbers.size.to_bytes(8, "little") + numbers.tobytes()


def zipped(numbers: np.ndarray) -> bytes:
    """torch.save(storage) since PyTorch 1.6."""
    storage = Storage(("storage", TYPES[numbers.dtype.str[1:]], "0", "cpu", numbers.size))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", dumped(storage))
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/data/0", numbers.tobytes())
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


@dataclass
class Program:
    """How the pickles are written: by which pickle protocol, and which format of a storage."""

    protocol: int = 4
    save: object = in_a_row
    channels_last: bool = False

    def tensor(self, value: np.ndarray) -> Calls:
        laid, steps = np.ascontiguousarray(value).reshape(value.shape), value.strides
        if self.channels_last and value.ndim == 4:
            laid = np.ascontiguousarray(value.transpose(0, 2, 3, 1))
            steps = tuple(laid.strides[axis] for axis in (0, 3, 1, 2))
        else:
            steps = laid.strides
        storage = Calls(_load_from_bytes, (self.save(laid.reshape(-1)),))
        strides = tuple(step // value.itemsize for step in steps)
        return Calls(_rebuild_tensor_v2, (storage, 0, value.shape, strides, False, OrderedDict()))

    def parameter(self, value: np.ndarray) -> Calls:
        return Calls(_rebuild_parameter, (self.tensor(value), False, OrderedDict()))

    def module(self, made: "Module") -> Calls:
        state = {
            "training": False,
            "_parameters": OrderedDict((name, self._parameter(value)) for name, value in made.parameters.items()),
            "_buffers": OrderedDict((name, self.tensor(value)) for name, value in made.buffers.items()),
            "_non_persistent_buffers_set": set(),
            "_backward_hooks": OrderedDict(),
            "_forward_hooks": OrderedDict(),
            "_modules": OrderedDict((name, self.module(part)) for name, part in made.parts.items()),
            **made.attributes,
            "_init_args": (),
            "_init_kwargs": EasyDict(num_fp16_res=4),
        }
        meta = {
            "type": "class",
            "version": made.version,
            "module_src": SOURCE,
            "class_name": made.kind,
            "state": state | made.changes,
        }
        return Calls(_reconstruct_persistent_obj, (meta,))

    def _parameter(self, value: np.ndarray | None) -> Calls | None:
        return None if value is None else self.parameter(value)

    def file(self, networks: dict[str, "Module"]) -> bytes:
        modules = {name: self.module(made) for name, made in networks.items()}
        with torch():
            return pickle.dumps(
                modules | {"training_set_kwargs": EasyDict(use_labels=False), "augment_pipe": None}, self.protocol
            )


@dataclass
class Module:
    """A module before it is pickled."""

    kind: str
    parameters: dict[str, np.ndarray | None] = field(default_factory=dict)
    buffers: dict[str, np.ndarray] = field(default_factory=dict)
    parts: dict[str, "Module"] = field(default_factory=dict)
    attributes: dict[str, object] = field(default_factory=dict)
    changes: dict[str, object] = field(default_factory=dict)
    version: int = 6

    def __getitem__(self, path: str) -> "Module":
        first, _, rest = path.partition(".")
        return self.parts[first][rest] if rest else self.parts[first]


def networks_of(networks: Networks) -> dict[str, Module]:
    """Our networks as PyTorch has them."""
    return {
        "G": generator(networks.architecture, networks.G),
        "D": discriminator(networks.architecture, networks.D),
        "G_ema": generator(networks.architecture, networks.Gs),
    }


def generator(architecture: Architecture, weights: Weights) -> Module:
    blocks = {f"b{side}": _synthesis_block(architecture, weights, side) for side in architecture.sides}
    mapping = Module("MappingNetwork", buffers={"w_avg": weights["dlatent_avg"]})
    if architecture.label_size:
        mapping.parts["embed"] = _dense(weights, "G_mapping/LabelEmbed")
    for layer in range(architecture.mapping_layers):
        mapping.parts[f"fc{layer}"] = _dense(weights, f"G_mapping/Dense{layer}", "lrelu", 0.01)
    return Module("Generator", parts={"synthesis": Module("SynthesisNetwork", parts=blocks), "mapping": mapping})


def _synthesis_block(architecture: Architecture, weights: Weights, side: int) -> Module:
    scope, level = f"G_synthesis/{side}x{side}", side.bit_length() - 1
    block = Module("SynthesisBlock", buffers={"resample_filter": FILTER}, attributes={"architecture": "skip"})
    if side == 4:
        block.parameters["const"] = weights[f"{scope}/Const/const"][0]
    else:
        block.parts["conv0"] = _synthesis_layer(architecture, weights, f"{scope}/Conv0_up", 2 * level - 5)
    last = "Conv" if side == 4 else "Conv1"
    block.parts["conv1"] = _synthesis_layer(architecture, weights, f"{scope}/{last}", 2 * level - 4)
    block.parts["torgb"] = _styled(architecture, "ToRGBLayer", weights, f"{scope}/ToRGB")
    return block


def _synthesis_layer(architecture: Architecture, weights: Weights, scope: str, noise: int) -> Module:
    up = 2 if scope.endswith("_up") else 1
    layer = _styled(architecture, "SynthesisLayer", weights, scope, flip=up == 2)
    layer.parameters["noise_strength"] = weights[f"{scope}/noise_strength"]
    layer.buffers |= {"resample_filter": FILTER, "noise_const": weights[f"G_synthesis/noise{noise}"][0, 0]}
    layer.attributes |= {"activation": "lrelu", "up": up, "use_noise": True, "act_gain": np.sqrt(2)}
    return layer


def _styled(architecture: Architecture, kind: str, weights: Weights, scope: str, *, flip: bool = False) -> Module:
    weight = weights[f"{scope}/weight"]
    affine = {"weight": weights[f"{scope}/mod_weight"], "bias": weights[f"{scope}/mod_bias"] + np.float32(1)}
    return Module(
        kind,
        {"weight": (weight[::-1, ::-1] if flip else weight).transpose(3, 2, 0, 1), "bias": weights[f"{scope}/bias"]},
        parts={"affine": _dense({f"x/{name}": value for name, value in affine.items()}, "x")},
        attributes={"conv_clamp": architecture.conv_clamp},
    )


def _dense(weights: Weights, scope: str, activation: str = "linear", lrmul: float = 1) -> Module:
    weight = weights[f"{scope}/weight"].T
    gains = {"weight_gain": lrmul / np.sqrt(weight.shape[1]), "bias_gain": lrmul}
    return Module(
        "FullyConnectedLayer",
        {"weight": weight, "bias": weights[f"{scope}/bias"]},
        attributes={"activation": activation, **gains},
    )


def discriminator(architecture: Architecture, weights: Weights) -> Module:
    made = Module("Discriminator")
    for side in reversed(architecture.sides[1:]):
        block = Module("DiscriminatorBlock", buffers={"resample_filter": FILTER}, attributes={"architecture": "resnet"})
        names = {"fromrgb": "FromRGB"} if side == architecture.resolution else {}
        for part, name in (names | {"conv0": "Conv0", "conv1": "Conv1_down", "skip": "Skip"}).items():
            block.parts[part] = _conv(architecture, weights, f"{side}x{side}/{name}")
        made.parts[f"b{side}"] = block
    if architecture.label_size:
        made.parts["mapping"] = Module("MappingNetwork", parts={"embed": _dense(weights, "LabelEmbed")})
        for layer in range(architecture.cmap_layers):
            layered = _dense(weights, f"Mapping{layer}", "lrelu", architecture.cmap_lrmul)
            made["mapping"].parts[f"fc{layer}"] = layered
    end = Module("DiscriminatorEpilogue", attributes={"architecture": "resnet"})
    size = architecture.mbstd_group_size
    end.parts["mbstd"] = Module("MinibatchStdLayer", attributes={"group_size": size if size < 1 << 16 else None})
    end.parts["conv"] = _conv(architecture, weights, "4x4/Conv")
    end.parts["fc"] = _dense(weights, "4x4/Dense0", "lrelu")
    end.parts["out"] = _dense(weights, "Output")
    made.parts["b4"] = end
    return made


def _conv(architecture: Architecture, weights: Weights, scope: str) -> Module:
    skip = scope.endswith("/Skip")
    down = 2 if scope.endswith(("/Skip", "_down")) else 1
    return Module(
        "Conv2dLayer",
        {"weight": weights[f"{scope}/weight"].transpose(3, 2, 0, 1), "bias": weights.get(f"{scope}/bias")},
        {"resample_filter": FILTER},
        attributes={
            "activation": "linear" if skip else "lrelu",
            "up": 1,
            "down": down,
            "conv_clamp": None if skip else architecture.conv_clamp,
        },
    )
