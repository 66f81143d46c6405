"""Named arrays as a safetensors file, which other programs read too. No TensorFlow, and nothing in it can run.

The format: eight bytes with the length of a JSON header, the header, then the numbers of all arrays without gaps.
"""

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.contract.errors import Poison
from shared.stylegan2.arrays import Arrays

METADATA = "__metadata__"

_LENGTH = 8
_LONGEST_HEADER = 100_000_000
"""Bytes; the limit of the reference implementation."""

_DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


def pack(arrays: Mapping[str, npt.NDArray[np.generic]], metadata: Mapping[str, str]) -> bytes:
    """Write arrays of floats as a safetensors file, with texts that say what they are in its metadata."""
    header: dict[str, object] = {METADATA: dict(metadata)}
    parts: list[memoryview] = []
    begin = 0
    for name, value in arrays.items():
        little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        end = begin + little.nbytes
        header[name] = {"dtype": _CODES[little.dtype], "shape": list(value.shape), "data_offsets": [begin, end]}
        parts.append(little.data)
        begin = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _LENGTH)  # so that the numbers are aligned
    return b"".join([len(text).to_bytes(_LENGTH, "little"), text, *parts])


def unpack(packed: bytes) -> tuple[Arrays, dict[str, str]]:
    """Return the arrays, as views of `packed`, and the texts. Raises Poison for another file, or one cut short."""
    header, start = _header(packed)
    metadata = header.pop(METADATA, {})
    numbers = memoryview(packed)[start:]
    arrays: Arrays = {}
    ends = [0]
    try:
        texts = {str(name): str(text) for name, text in metadata.items()}
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            begin, end = entry["data_offsets"]
            if begin != ends[-1]:
                raise Poison(f"not a safetensors file: a gap or an overlap before {name[:100]!a}")
            arrays[name] = _array(name, entry, numbers[begin:end])
            ends.append(end)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Poison(f"not a safetensors file: {error}") from error
    if ends[-1] != len(numbers):
        raise Poison(f"not a whole safetensors file: {len(numbers)} bytes of numbers instead of {ends[-1]}")
    return arrays, texts


def is_tensor_file(packed: bytes) -> bool:
    """Return whether the file begins as a safetensors file does."""
    return packed[_LENGTH : _LENGTH + 1] == b"{"


def _header(packed: bytes) -> tuple[dict[str, Any], int]:
    start = _LENGTH + int.from_bytes(packed[:_LENGTH], "little")
    if not is_tensor_file(packed) or start > min(len(packed), _LONGEST_HEADER):
        raise Poison("not a safetensors file, or cut short")
    try:
        return json.loads(packed[_LENGTH:start]), start
    except (ValueError, RecursionError) as error:
        raise Poison(f"not a safetensors file: {error}") from error


def _array(name: str, entry: Mapping[str, Any], numbers: memoryview) -> npt.NDArray[np.generic]:
    code, shape = str(entry["dtype"]), [side for side in entry["shape"] if type(side) is int and side > 0]
    if code not in _DTYPES or len(shape) != len(entry["shape"]):
        raise Poison(f"not a network's safetensors file: {name[:100]!a} is no array of floats")
    dtype = _DTYPES[code]
    if prod(shape) * dtype.itemsize != len(numbers):
        raise Poison(f"not a whole safetensors file: {name[:100]!a} has another size than it says")
    values: npt.NDArray[np.generic] = np.frombuffer(numbers, dtype)
    return values.reshape(shape)
