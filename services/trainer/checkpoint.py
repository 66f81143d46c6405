"""Checkpoints: files with all arrays that are needed to resume a training exactly."""

from pathlib import Path

import numpy as np

from shared import sha256
from shared.contract.errors import NotFound
from shared.contract.stage import Objects
from shared.runs import trainings
from shared.stylegan2.arrays import Arrays


def write(path: Path, state: Arrays) -> None:
    """Write the arrays, as a file because they are many (0.6 GB at 512 px). The same ones give the same bytes."""
    np.savez(path, allow_pickle=False, **state)


def read(store: Objects, snapshot: trainings.Snapshot) -> Arrays | None:
    """Return the arrays of a snapshot; None when the file is gone or damaged."""
    try:
        with store.file(snapshot.key(trainings.CHECKPOINT)) as path:
            if sha256.hash_file(path) != snapshot.files[trainings.CHECKPOINT]:
                return None
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
    except NotFound:
        return None
