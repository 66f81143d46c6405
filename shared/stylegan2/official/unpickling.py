"""Reads the pickles of official snapshots without running anything of theirs: `machine` with the names of `objects`.

Time and memory are bounded: by the file's size, and by a number of opcodes that is ten times what the largest official
network has.
"""

from io import BytesIO

import numpy as np

from shared.stylegan2.errors import BadFile
from shared.stylegan2.official import torch_storage
from shared.stylegan2.official.objects import (
    NAMES,
    Global,
    PickledArray,
    PickledDtype,
    PickledModule,
    array,
    strided,
)
from shared.stylegan2.official.pickle_machine import PickleMachine, run

_MOST_OPCODES = 200_000


def unpickled(file: bytes) -> object:
    """Return the value of a pickle, made of plain values and those in `objects`.

    Raises BadFile for whatever an official snapshot does not hold, with the place in bytes.
    """
    return run(BytesIO(file), PickleMachine(NAMES, _Calls(len(file))), _MOST_OPCODES)


class _Calls:
    """The calls that official snapshots make, and their results."""

    def __init__(self, size: int) -> None:
        self._spare = {Global.ENCODE: size, Global.STORAGE: size}

    def __call__(self, kind: object, arguments: object) -> object:
        match kind, arguments:
            case Global.RECONSTRUCT, (Global.NDARRAY, (0,), bytes()):
                return PickledArray()
            case Global.DTYPE, (str(code), *_):
                return PickledDtype(code)
            case Global.SCALAR, (PickledDtype() as dtype, bytes(data)):
                return PickledArray(array((), dtype, data, "C"))
            case Global.FROM_BUFFER, (bytes() | bytearray() as data, PickledDtype() as dtype, tuple(shape), str(order)):
                return PickledArray(array(shape, dtype, data, order))
            case Global.ENCODE, (str(text), "latin1" | "latin-1"):
                self._spend(Global.ENCODE, len(text))
                return text.encode("latin-1")
            case Global.BYTES, ():
                return b""
            case Global.DICT, ():
                return {}
        return self._called_by_torch(kind, arguments)

    def _called_by_torch(self, kind: object, arguments: object) -> object:
        match kind, arguments:
            case Global.SET, ([],):
                return frozenset()
            case Global.STORAGE, (bytes(data),):
                self._spend(Global.STORAGE, len(data))
                return torch_storage.values(data)
            case Global.TENSOR, (np.ndarray() as values, int(offset), tuple(sides), tuple(steps), bool(), dict(), *_):
                return PickledArray(strided(values, offset, sides, steps))
            case Global.PARAMETER, (PickledArray() as values, bool(), dict()):
                return values
            case Global.MODULE, (dict(meta),):
                return PickledModule(meta)
        raise BadFile("a call that official snapshots do not make")

    def _spend(self, kind: Global, size: int) -> None:
        """Count `size` bytes as unfolded; raises BadFile when they come to more than the file's size in all.

        A value may be recalled and unfolded again and again; honest files do not come to more than their size.
        """
        self._spare[kind] -= size
        if self._spare[kind] < 0:
            raise BadFile("it unfolds to more than the file's size")
