"""Named arrays as a safetensors file, which other programs read too. No TensorFlow, and nothing in it can run."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from shared.stylegan2.arrays import Arrays
from shared.stylegan2.errors import BadFile

_LENGTH = 8
"""Bytes at the beginning that tell the length of the JSON header behind them."""

_DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8")}


def pack(arrays: Mapping[str, npt.NDArray[np.generic]], metadata: Mapping[str, str]) -> bytes:
    """Write arrays of floats as a safetensors file, with texts that say what they are in its metadata."""
    little = {name: np.ascontiguousarray(value, value.dtype.newbyteorder("<")) for name, value in arrays.items()}
    return save({name: value.reshape(arrays[name].shape) for name, value in little.items()}, dict(metadata))


def unpack(packed: bytes) -> tuple[Arrays, dict[str, str]]:
    """Return the arrays and the texts of a file. Raises BadFile for another file, or one that is cut short."""
    try:
        found = deserialize(packed)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise BadFile(f"not a whole safetensors file: {error}") from error
    return {name: _array(name, entry) for name, entry in found}, _metadata(packed)


def is_tensor_file(packed: bytes) -> bool:
    """Return whether the file begins as a safetensors file does."""
    return packed[_LENGTH : _LENGTH + 1] == b"{"


def _metadata(packed: bytes) -> dict[str, str]:
    """Return the texts in the header of a file that is known to be whole; safetensors itself needs a path."""
    end = _LENGTH + int.from_bytes(packed[:_LENGTH], "little")
    texts: dict[str, str] = json.loads(packed[_LENGTH:end]).get("__metadata__") or {}
    return texts


def _array(name: str, entry: Mapping[str, Any]) -> npt.NDArray[np.generic]:
    if entry["dtype"] not in _DTYPES or 0 in entry["shape"]:
        raise BadFile(f"not a network's safetensors file: {name[:100]!a} is no array of floats")
    values: npt.NDArray[np.generic] = np.frombuffer(entry["data"], _DTYPES[entry["dtype"]])
    return values.reshape(entry["shape"])
