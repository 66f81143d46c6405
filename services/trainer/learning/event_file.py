"""TensorBoard's event files, made of TensorFlow's own messages.

Such a file is a stream of TFRecords, each a serialised `tensorflow.Event`. `encode` imports TensorFlow, which takes
seconds, when it is first called.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from shared.contract.errors import Poison
from shared.stylegan2.tfrecords import frame

_FILE_VERSION = "brain.Event:2"  # of the first event: the format that TensorBoard reads


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
    from tensorflow.core.util.event_pb2 import Event

    opening = Event(wall_time=start, file_version=_FILE_VERSION)
    events = (Event(wall_time=each.time, step=each.step, summary=_summary(each)) for each in records)
    return b"".join(frame(event.SerializeToString()) for event in [opening, *events])


def _summary(record: Scalar | Image) -> Any:
    from tensorflow.core.framework.summary_pb2 import Summary

    if isinstance(record, Scalar):
        return Summary(value=[Summary.Value(tag=record.tag, simple_value=record.value)])
    return Summary(value=[Summary.Value(tag=record.tag, image=Summary.Image(**_described(record)))])


def _described(image: Image) -> dict[str, Any]:
    """Return the fields of a `Summary.Image`; its colour space is the number of channels: 1 grey, 3 RGB, 4 RGBA."""
    try:
        with Pillow.open(BytesIO(image.png), formats=["PNG"]) as picture:
            width, height, channels = *picture.size, len(picture.getbands())
    except UnidentifiedImageError as error:
        raise Poison(f"the image {image.tag} at step {image.step} is no PNG") from error
    return {"width": width, "height": height, "colorspace": channels, "encoded_image_string": image.png}
