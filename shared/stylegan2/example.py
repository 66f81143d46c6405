"""One picture as a `tf.train.Example`, the protocol buffer inside each TFRecord, without TensorFlow.

The official data set tool writes two features: `shape`, three int64 values C, H, W, and `data`, one bytes value
with the uint8 pixels in that order. Field numbers are those of TensorFlow's `example.proto` and `feature.proto`.
"""

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.errors import BadFile
from shared.stylegan2.protobuf import Part, Wire, delimited, varint

Picture = NDArray[np.uint8]
"""A picture as StyleGAN stores it: uint8 [C, H, W]."""

_LONGEST_VARINT = 10  # bytes that a 64-bit value takes, seven bits in each

_FEATURES = 1  # of Example
_ENTRY = 1  # of Features, a map
_KEY, _VALUE = 1, 2  # of an entry of the map
_BYTES_LIST, _INT64_LIST = 1, 3  # of Feature
_ITEM = 1  # of BytesList and Int64List


class _Field(NamedTuple):
    number: int
    wire_type: int
    content: memoryview


def encode_picture(picture: Picture) -> bytes:
    """Serialise a picture, uint8 [C, H, W], as an Example: always the same bytes, `data` before `shape`.

    The official tool's bytes vary: protobuf writes the two features in an arbitrary order.
    """
    pixels = np.ascontiguousarray(picture).reshape(-1).data
    shape = b"".join(varint(size) for size in picture.shape)
    data_entry = _entry(b"data", delimited(_BYTES_LIST, *delimited(_ITEM, pixels)))
    shape_entry = _entry(b"shape", delimited(_INT64_LIST, *delimited(_ITEM, shape)))
    return b"".join(delimited(_FEATURES, *data_entry, *shape_entry))


def decode_picture(example: bytes) -> Picture:
    """Return the picture in a serialised Example, a read-only uint8 [C, H, W] over the same memory.

    Accepts every encoding that protobuf allows: any order of the map, unknown fields, integers packed or not.
    Raises BadFile when the bytes are no Example, or `shape` and `data` are absent or contradict each other.
    """
    features = dict(_features(memoryview(example)))
    if absent := [name for name in (b"shape", b"data") if name not in features]:
        raise BadFile(f"The Example has no feature '{absent[0].decode()}'.")
    shape, values = _int64_values(features[b"shape"]), _bytes_values(features[b"data"])
    if len(shape) != 3 or len(values) != 1:
        raise BadFile(f"The Example has {len(shape)} sizes and {len(values)} data values instead of 3 and 1.")
    if min(shape) < 1 or prod(shape) != len(values[0]):
        raise BadFile(f"The Example holds {len(values[0])} bytes for a picture of shape {shape}.")
    return np.frombuffer(values[0], np.uint8).reshape(shape)


def _entry(name: bytes, feature: tuple[Part, ...]) -> tuple[Part, ...]:
    return delimited(_ENTRY, *delimited(_KEY, name), *delimited(_VALUE, *feature))


def _features(example: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    for features in _contents(example, _FEATURES):
        for entry in _contents(features, _ENTRY):
            yield bytes(_last(entry, _KEY)), _last(entry, _VALUE)


def _bytes_values(feature: memoryview) -> list[memoryview]:
    return [value for values in _contents(feature, _BYTES_LIST) for value in _contents(values, _ITEM)]


def _int64_values(feature: memoryview) -> list[int]:
    fields = (field for values in _contents(feature, _INT64_LIST) for field in _fields(values))
    return [
        value
        for field in fields
        if field.number == _ITEM and field.wire_type in (Wire.VARINT, Wire.DELIMITED)
        for value in _varints(field.content)
    ]


def _varints(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _read_varint(packed, at)
        yield value


def _contents(message: memoryview, number: int) -> list[memoryview]:
    fields = _fields(message)
    return [field.content for field in fields if (field.number, field.wire_type) == (number, Wire.DELIMITED)]


def _last(message: memoryview, number: int) -> memoryview:
    return (_contents(message, number) or [memoryview(b"")])[-1]


def _fields(message: memoryview) -> Iterator[_Field]:
    end = 0
    while end < len(message):
        key, start = _read_varint(message, end)
        start, end = _extent(message, start, wire_type=key & 7)
        if end > len(message):
            raise BadFile("The record is no Example: one of its fields reaches beyond the end.")
        yield _Field(key >> 3, key & 7, message[start:end])


def _extent(message: memoryview, start: int, wire_type: int) -> tuple[int, int]:
    match wire_type:
        case Wire.VARINT:
            return start, _read_varint(message, start)[1]
        case Wire.EIGHT_BYTES:
            return start, start + 8
        case Wire.DELIMITED:
            size, start = _read_varint(message, start)
            return start, start + size
        case Wire.FOUR_BYTES:
            return start, start + 4
    raise BadFile(f"The record is no Example: wire type {wire_type} does not exist in it.")


def _read_varint(message: memoryview, start: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[start : start + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, start + place + 1
    raise BadFile("The record is no Example: one of its integers does not end.")
