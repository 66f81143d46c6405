"""The numbers of a PyTorch tensor as a pickle embeds them: the bytes of a file of torch.save with one storage in it.

Two formats exist (torch/serialization.py): pickles in a row, then the raw numbers, which is what tensors in pickles
have; and a zip archive with a pickle and the raw numbers, which torch.save writes since version 1.6.
"""

import struct
import zipfile
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official.objects import Values
from shared.stylegan2.official.pickle_machine import PickleMachine, run

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_MOST_OPCODES = 200
_ZIP = b"PK\x03\x04"
_COUNT = 8
"""Bytes of the count before the raw numbers."""

_TYPES = {("torch", "HalfStorage"): "<f2", ("torch", "FloatStorage"): "<f4", ("torch", "DoubleStorage"): "<f8"}
"""Floats of 16, 32 and 64 bits; no network needs others."""


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    count: int


def values(data: bytes) -> Values:
    """Return the numbers of a file of torch.save as one row. Raises BadFile for other bytes, or incomplete ones."""
    return _zipped(data) if data.startswith(_ZIP) else _in_a_row(data)


def _in_a_row(data: bytes) -> Values:
    file = BytesIO(data)
    magic, version, system, storage, keys = (_pickle(file) for _ in range(5))
    if (magic, version) != (_MAGIC, _VERSION) or not isinstance(storage, _Storage) or keys != [storage.key]:
        raise BadFile("a tensor whose bytes are not those that torch.save writes for one storage")
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise BadFile("a tensor of a big-endian machine")
    numbers = memoryview(data)[file.tell() :]
    if int.from_bytes(numbers[:_COUNT], "little") != storage.count:
        raise BadFile("a tensor whose storage has another size than it says")
    return _numbers(storage, numbers[_COUNT:])


def _zipped(data: bytes) -> Values:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            described = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(described) != 1 or any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise BadFile("a tensor whose zip archive is not one that torch.save writes")
            storage = _pickle(BytesIO(archive.read(described[0])))
            if not isinstance(storage, _Storage):
                raise BadFile("a tensor whose bytes are not those that torch.save writes for one storage")
            return _numbers(storage, memoryview(archive.read(f"{described[0][: -len('.pkl')]}/{storage.key}")))
    except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError, OSError, struct.error) as error:
        raise BadFile(f"a tensor whose zip archive is damaged: {error}") from error


def _pickle(file: BytesIO) -> object:
    return run(file, PickleMachine(_TYPES, _no_call, _stored), _MOST_OPCODES)


def _no_call(kind: object, arguments: object) -> object:
    raise BadFile("a tensor's storage is not described by a call")


def _stored(identity: object) -> _Storage:
    match identity:
        case ("storage", "<f2" | "<f4" | "<f8" as dtype, str(key), str(), int(count)):
            return _Storage(dtype, key, count)
        case ("storage", "<f2" | "<f4" | "<f8" as dtype, str(key), str(), int(count), None):
            return _Storage(dtype, key, count)
    raise BadFile("a persistent id that stands for no storage")


def _numbers(storage: _Storage, raw: memoryview) -> Values:
    dtype = np.dtype(storage.dtype)
    if len(raw) != storage.count * dtype.itemsize:
        raise BadFile(f"a tensor's storage says that it has {storage.count} numbers, and {len(raw)} bytes are there")
    found: Values = np.frombuffer(raw, dtype)
    return found
