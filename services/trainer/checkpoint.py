"""All that training needs to go on, as a file."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared import trainings
from shared.errors import NotFound
from shared.stage import Objects

Arrays = Mapping[str, npt.NDArray[np.generic]]


def write(path: Path, state: Arrays) -> None:
    """Write the arrays; the same ones give the same bytes."""
    np.savez(path, allow_pickle=False, **state)


def read(store: Objects, snapshot: trainings.Snapshot) -> Arrays | None:
    """The arrays of a snapshot; None when the file is gone or damaged."""
    try:
        with store.file(snapshot.key(trainings.CHECKPOINT)) as path:
            if digest(path) != snapshot.files[trainings.CHECKPOINT]:
                return None
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
    except NotFound:
        return None


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
