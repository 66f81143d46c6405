"""Named arrays as bytes: a .npz that is written and read without pickle, and whose bytes depend on its content only."""

import io
import zipfile
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from shared.stylegan2.errors import BadFile

Arrays = dict[str, npt.NDArray[np.generic]]


def pack(arrays: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    """Write `arrays` as a .npz file, uncompressed: weights do not compress."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack(packed: bytes) -> Arrays:
    """Read the arrays of a .npz file. Raises BadFile where it is none, is cut short or holds Python objects."""
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        # NumPy takes what it does not know for a pickle, and advises to load that.
        why = "it is another kind of file, or holds Python objects" if "pickle" in str(error).lower() else error
        raise BadFile(f"not a file of arrays: {why}") from error
