"""TFRecord files, read and written without TensorFlow.

A record is its length (uint64), the masked CRC32C of those eight bytes, the payload, and the payload's masked
CRC32C, all little-endian (TensorFlow, `record_writer.h`; the mask is that of `crc32c.h`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from shared.stylegan2.errors import BadFile

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
_HEADER_SIZE = _LENGTH.size + _CHECKSUM.size


class Fault(StrEnum):
    """Faults in the framing of a record."""

    CUT_SHORT = "cut-short"
    LENGTH_CHECKSUM = "length-checksum"
    DATA_CHECKSUM = "data-checksum"


@dataclass(frozen=True)
class Damage:
    """A damaged record. `hides_rest`: nothing after it in the file can be found."""

    fault: Fault
    sentence: str
    hides_rest: bool = False


def level_file_name(dataset: str, resolution_log2: int) -> str:
    """Return the official name of the file with one level: `anya-r09.tfrecords` holds 512 x 512."""
    return f"{dataset}-r{resolution_log2:02d}.tfrecords"


def frame(payload: bytes) -> bytes:
    """Return the record that carries `payload`, ready to be appended to a file."""
    length = _LENGTH.pack(len(payload))
    return b"".join((length, _checksum(length), payload, _checksum(payload)))


def read_records(file: Path) -> Iterator[bytes]:
    """Yield the payloads one by one, both checksums verified.

    Raises BadFile, naming the file and the record, at the first that is damaged.
    """
    for index, record in enumerate(scan_records(file)):
        if isinstance(record, Damage):
            raise BadFile(f"{file.name}, record {index}: {record.sentence}")
        yield record


def scan_records(file: Path) -> Iterator[bytes | Damage]:
    """Yield the payload of every record, or the `Damage` in its place; never more than one in memory.

    Goes on after damage for as long as the start of the next record is known.
    """
    size = file.stat().st_size
    usual: int | None = None
    with file.open("rb") as stream:
        while stream.tell() < size:
            record = _next_record(stream, size, usual)
            yield record
            if isinstance(record, bytes):
                usual = len(record)
            elif record.hides_rest:
                return


def _next_record(stream: BinaryIO, size: int, usual: int | None) -> bytes | Damage:
    header = stream.read(_HEADER_SIZE)
    length = header[: _LENGTH.size]
    if len(header) < _HEADER_SIZE:
        return Damage(Fault.CUT_SHORT, "The file ends within the length of the record.", hides_rest=True)
    (payload_size,) = _LENGTH.unpack(length)
    if _checksum(length) != header[_LENGTH.size :]:
        return _record_of_doubtful_length(stream, size, (payload_size, usual))
    if stream.tell() + payload_size + _CHECKSUM.size > size:
        return Damage(Fault.CUT_SHORT, "The file ends within the record.", hides_rest=True)
    payload = _payload(stream, size, payload_size)
    return Damage(Fault.DATA_CHECKSUM, "The data do not match their checksum.") if payload is None else payload


def _record_of_doubtful_length(stream: BinaryIO, size: int, guesses: tuple[int | None, ...]) -> Damage:
    # All records of a level are equally long, so the last good length usually finds the next record again.
    start = stream.tell()
    for guess in guesses:
        stream.seek(start)
        if guess is not None and _payload(stream, size, guess) is not None:
            return Damage(Fault.LENGTH_CHECKSUM, "The length does not match its checksum.")
    sentence = "The length does not match its checksum, and what follows cannot be found."
    return Damage(Fault.LENGTH_CHECKSUM, sentence, hides_rest=True)


def _payload(stream: BinaryIO, size: int, payload_size: int) -> bytes | None:
    if stream.tell() + payload_size + _CHECKSUM.size > size:
        return None
    payload = stream.read(payload_size)
    return payload if _checksum(payload) == stream.read(_CHECKSUM.size) else None


def _checksum(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return _CHECKSUM.pack(((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
