"""The file with the classes of a data set's pictures, `<data set>-rxx.labels`, as official readers want it.

It is a .npy file of float32 [pictures, classes], a row for every record in the records' order, one-hot.
"""

import io
import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.stylegan2.errors import BadFile

LabelArray = NDArray[np.float32]
"""[pictures, classes]; each row has a 1 in the column of its class and 0 elsewhere."""

SUFFIX = "-rxx.labels"

_FLOAT32 = np.dtype("<f4")
_START = 10  # of the header proper, whose length comes before it (numpy.lib.format, version 1.0)
# Read by hand: numpy evaluates the header as Python, and a damaged one makes that fail in half a dozen ways.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?P<length>..)"
    rb"\{'descr': '?(?P<kind>[^']{1,20}?)'?, 'fortran_order': (?P<by_columns>True|False), "
    rb"'shape': \((?P<shape>[\d, ]{0,60})\), \} *\n",
    re.DOTALL,
)


def labels_file_name(dataset: str) -> str:
    """Return the official name of the file: `anya-rxx.labels` lies beside `anya-r09.tfrecords`."""
    return dataset + SUFFIX


def one_hot(numbers: Sequence[int], classes: int) -> LabelArray:
    """Return a one-hot row for each class number; zeros for a number that is not one of `classes` from 0 on."""
    rows: NDArray[np.bool_] = np.asarray(numbers, np.int64)[:, np.newaxis] == np.arange(classes)
    return rows.astype(np.float32)


def encode_labels(labels: LabelArray) -> bytes:
    """Encode `labels` as the file's content; the same labels give the same bytes."""
    buffer = io.BytesIO()
    np.save(buffer, labels, allow_pickle=False)
    return buffer.getvalue()


def decode_labels(content: bytes) -> LabelArray:
    """Decode the labels in a file, whatever their values are. Raises BadFile unless float32 [pictures, classes].

    The size is compared before any memory is taken: a header may claim anything.
    """
    header = _HEADER.match(content)
    if header is None or header.end() != _START + int.from_bytes(header["length"], "little"):
        raise BadFile("It is no .npy file of version 1.")
    kind, shape = (
        header["kind"].decode("ascii", "replace"),
        [int(size) for size in re.findall(rb"\d+", header["shape"])],
    )
    if kind != _FLOAT32.str or len(shape) != 2:
        raise BadFile(f"It holds {kind} {shape} instead of {_FLOAT32.str} [pictures, classes].")
    values = content[header.end() :]
    if len(values) != math.prod(shape) * _FLOAT32.itemsize:
        raise BadFile(f"It holds {len(values)} bytes of labels, which is not the {shape} that it says.")
    return np.frombuffer(values, _FLOAT32).reshape(shape, order="F" if header["by_columns"] == b"True" else "C")


def faulty_rows(labels: LabelArray) -> frozenset[int]:
    """Return the indices of the rows that are not one-hot."""
    sound = (labels == 1).sum(1) == 1
    sound &= (labels == 0).sum(1) == labels.shape[1] - 1
    return frozenset(np.flatnonzero(~sound).tolist())
