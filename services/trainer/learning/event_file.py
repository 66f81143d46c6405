"""TensorBoard's event files, written without TensorFlow and without the tensorboard package.

Such a file is a stream of TFRecords, each a serialised `tensorflow.Event`. Field numbers are those of TensorFlow's
`event.proto` and `summary.proto`.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from shared.contract.errors import Poison
from shared.stylegan2.protobuf import Wire, delimited, key, varint
from shared.stylegan2.tfrecords import frame

_FILE_VERSION = b"brain.Event:2"  # of the first event: the format that TensorBoard reads

_WALL_TIME, _STEP, _VERSION, _SUMMARY = 1, 2, 3, 5  # of Event
_VALUE = 1  # of Summary
_TAG, _SIMPLE_VALUE, _IMAGE = 1, 2, 4  # of Summary.Value
_HEIGHT, _WIDTH, _COLORSPACE, _ENCODED = 1, 2, 3, 4  # of Summary.Image

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = struct.Struct(">8x4x4sIIxB")  # signature, length, "IHDR", width, height, bits, colour type
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
"""Channels of a PNG's colour type, which are TensorBoard's colour spaces: 1 grey, 3 RGB, 4 RGBA."""


@dataclass(frozen=True)
class Scalar:
    """A number at a step of training (pictures shown to D), written down at a time (seconds since 1970)."""

    tag: str
    step: int
    time: float
    value: float


@dataclass(frozen=True)
class Image:
    """A PNG at a step of training, written down at a time (seconds since 1970)."""

    tag: str
    step: int
    time: float
    png: bytes


def encode(records: Iterable[Scalar | Image], start: float) -> bytes:
    """Encode an event file with `records`, begun at `start` (seconds since 1970): the same records, the same bytes.

    Raises Poison for an image that is no PNG.
    """
    opening = _event(start, 0, _field(_VERSION, _FILE_VERSION))
    return b"".join(map(frame, [opening, *map(_record, records)]))


def _record(record: Scalar | Image) -> bytes:
    content = _simple_value(record.value) if isinstance(record, Scalar) else _image(record)
    value = _field(_TAG, record.tag.encode()) + content
    return _event(record.time, record.step, _field(_SUMMARY, _field(_VALUE, value)))


def _event(time: float, step: int, content: bytes) -> bytes:
    return key(_WALL_TIME, Wire.EIGHT_BYTES) + struct.pack("<d", time) + _integer(_STEP, step) + content


def _simple_value(value: float) -> bytes:
    return key(_SIMPLE_VALUE, Wire.FOUR_BYTES) + struct.pack("<f", value)


def _image(image: Image) -> bytes:
    if not image.png.startswith(_PNG) or len(image.png) < _PNG_HEADER.size:
        raise Poison(f"the image {image.tag} at step {image.step} is no PNG")
    _, width, height, colour_type = _PNG_HEADER.unpack_from(image.png)
    sizes = _integer(_HEIGHT, height) + _integer(_WIDTH, width) + _integer(_COLORSPACE, _CHANNELS[colour_type])
    return _field(_IMAGE, sizes + _field(_ENCODED, image.png))


def _integer(number: int, value: int) -> bytes:
    return key(number, Wire.VARINT) + varint(value)


def _field(number: int, content: bytes) -> bytes:
    return b"".join(delimited(number, content))
