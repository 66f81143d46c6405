"""All that an official pickle may name, as inert values of our own: nothing in the file decides what is called."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.stylegan2.errors import BadFile

Values = npt.NDArray[np.floating[Any]]


class Global(Enum):
    """The objects that names in a pickle stand for."""

    NETWORK = auto()
    NDARRAY = auto()
    DTYPE = auto()
    RECONSTRUCT = auto()
    FROM_BUFFER = auto()
    SCALAR = auto()
    ENCODE = auto()
    BYTES = auto()
    DICT = auto()
    SET = auto()
    MODULE = auto()
    STORAGE = auto()
    TENSOR = auto()
    PARAMETER = auto()


NAMES = {
    ("dnnlib.tflib.network", "Network"): Global.NETWORK,
    ("numpy", "ndarray"): Global.NDARRAY,
    ("numpy", "dtype"): Global.DTYPE,
    ("_codecs", "encode"): Global.ENCODE,
    ("__builtin__", "bytes"): Global.BYTES,
    ("collections", "OrderedDict"): Global.DICT,
    ("dnnlib.util", "EasyDict"): Global.DICT,
    ("builtins", "set"): Global.SET,
    ("__builtin__", "set"): Global.SET,
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): Global.MODULE,
    ("torch.storage", "_load_from_bytes"): Global.STORAGE,
    ("torch._utils", "_rebuild_tensor_v2"): Global.TENSOR,
    ("torch._utils", "_rebuild_parameter"): Global.PARAMETER,
    **{
        (f"numpy.{core}.{module}", name): kind
        for core in ("core", "_core")  # before and since numpy 2
        for module, name, kind in (
            ("multiarray", "_reconstruct", Global.RECONSTRUCT),
            ("multiarray", "scalar", Global.SCALAR),
            ("numeric", "_frombuffer", Global.FROM_BUFFER),
        )
    },
}
"""The exact names of official snapshots, in every protocol and under old and new versions of numpy and PyTorch."""

_FLOATS = {"f2", "f4", "f8"}
_MOST_DIMENSIONS = 8


@dataclass
class PickledNetwork:
    """A network with its state as it was in the file, not checked yet."""

    state: dict[object, object] = field(default_factory=dict)


@dataclass
class PickledModule:
    """A module of stylegan2-ada-pytorch or stylegan3: the arguments from which its program would make it again."""

    meta: dict[object, object]


@dataclass
class PickledDtype:
    """The type of an array's numbers. Raises BadFile for anything but floats of 16, 32 or 64 bits."""

    code: str
    order: str = "<"

    def __post_init__(self) -> None:
        if self.code not in _FLOATS:
            shown = "objects" if self.code.startswith("O") else ascii(self.code[:20])
            raise BadFile(f"an array of {shown}: a network holds floats of 16, 32 or 64 bits")

    def build(self, state: object) -> None:
        """Take the byte order from `state`; raises BadFile for fields and sub-arrays."""
        match state:
            case (3, "<" | ">" as order, None, None, None, int(), int(), int()):
                self.order = order
            case _:
                raise BadFile("the type of an array is not a plain float")


@dataclass
class PickledArray:
    """An array; its numbers may come later, by `build`."""

    values: Values | None = None

    def build(self, state: object) -> None:
        """Take the numbers from the state that numpy writes; raises BadFile for any other."""
        match state:
            case (1, tuple(shape), PickledDtype() as dtype, bool(columns_first), bytes(data)):
                self.values = array(shape, dtype, data, "F" if columns_first else "C")
            case _:
                raise BadFile("the state of an array is not what numpy writes")


def array(shape: Sequence[object], dtype: PickledDtype, data: bytes | bytearray, order: str) -> Values:
    """Return the numbers in `data`, a view of it. Raises BadFile unless shape and data agree exactly."""
    sides = [side for side in shape if type(side) is int and side > 0]
    if len(sides) != len(shape) or len(shape) > _MOST_DIMENSIONS:
        raise BadFile("an array has a shape that none can have")
    size = prod(sides) * int(dtype.code[1:])
    if size != len(data):
        raise BadFile(f"an array says that it has {_short(size)} bytes, and {len(data)} are there")
    flat: Values = np.frombuffer(data, dtype.order + dtype.code)
    return flat.reshape(sides, order="F" if order == "F" else "C")


def strided(values: Values, offset: int, sides: Sequence[object], steps: Sequence[object]) -> Values:
    """Return a tensor as PyTorch describes it, a view of its storage. Raises BadFile where it exceeds the storage."""
    counts = [side for side in sides if type(side) is int and side > 0]
    strides = [step for step in steps if type(step) is int and step >= 0]
    if not len(counts) == len(sides) == len(steps) == len(strides) <= _MOST_DIMENSIONS:
        raise BadFile("a tensor has a shape that none can have")
    last = offset + sum((count - 1) * stride for count, stride in zip(counts, strides, strict=True))
    if offset < 0 or last >= len(values) or prod(counts) > len(values):
        raise BadFile(f"a tensor does not lie within the {len(values)} numbers of its storage")
    found: Values = np.lib.stride_tricks.as_strided(
        values[offset:], counts, [stride * values.itemsize for stride in strides], writeable=False
    )
    return found


def _short(number: int) -> str:
    return str(number) if number < 1 << 64 else "more than 2^64"
