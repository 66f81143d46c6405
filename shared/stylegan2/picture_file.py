"""The pictures of one level of a data set, read at random from a memory map of its TFRecords. No TensorFlow."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.errors import BadFile, StyleGAN2Error
from shared.stylegan2.example import Picture, decode_picture
from shared.stylegan2.tfrecords import read_records

_BEFORE, _AFTER = 8 + 4, 4  # bytes of a record around its payload: length and checksum, checksum


class PictureFile:
    """A `.tfrecords` file whose pictures are all of one square shape. May be deleted while it is open (POSIX).

    Every checksum is verified once, at the start; that reads the file to its end, a gigabyte a second (measured).
    Raises BadFile, naming the file and the record, when one is damaged or of another shape.
    """

    def __init__(self, path: Path) -> None:
        places = list(_places(path))
        if not places:
            raise BadFile(f"{path.name} holds no pictures")
        self._shape = places[0].shape
        for index, place in enumerate(places):
            if place.shape != self._shape or place.shape[1] != place.shape[2]:
                raise BadFile(f"{path.name}, record {index}: the shape is {place.shape}, the first is {self._shape}")
        self._offsets = [place.offset for place in places]
        self.checksums = [place.checksum for place in places]
        """CRC-32 of each picture's pixels: the same picture has the same in every data set."""
        self._bytes = np.memmap(path, np.uint8, "r")

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def resolution(self) -> int:
        """Return the side of the pictures in pixels."""
        return self._shape[1]

    @property
    def channels(self) -> int:
        """Return the channels of the pictures: 3, or 1 for grey ones."""
        return self._shape[0]

    def __getitem__(self, indices: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return copies of the pictures at `indices`, uint8 [n, H, W, C]."""
        channels, height, width = self._shape
        pictures = np.empty((len(indices), height, width, channels), np.uint8)
        for picture, index in zip(pictures, indices, strict=True):
            offset = self._offsets[index]
            planes = self._bytes[offset : offset + picture.size].reshape(self._shape)
            # Plane by plane is five times as fast as one transposing copy (measured).
            for channel, plane in enumerate(planes):
                picture[:, :, channel] = plane
        return pictures


class _Place(NamedTuple):
    offset: int
    shape: tuple[int, int, int]
    checksum: int


def _places(path: Path) -> Iterator[_Place]:
    start = _BEFORE
    for index, record in enumerate(read_records(path)):
        try:
            picture = decode_picture(record)
        except StyleGAN2Error as error:
            raise BadFile(f"{path.name}, record {index}: {error}") from error
        channels, height, width = picture.shape
        yield _Place(start + _distance(record, picture), (channels, height, width), crc32(picture.data))
        start += len(record) + _AFTER + _BEFORE


def _distance(record: bytes, picture: Picture) -> int:
    """Return the offset of the pixels in a record; protobuf's order of features is free, so it can differ by record."""
    return picture.ctypes.data - np.frombuffer(record, np.uint8).ctypes.data
