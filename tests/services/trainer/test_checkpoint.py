from pathlib import Path

import numpy as np
import pytest

from services.trainer import checkpoint
from shared import sha256
from shared.runs.trainings import CHECKPOINT, Snapshot
from shared.store.folder import FolderStore

STATE = {"G/4x4/Conv/weight": np.arange(6, dtype=np.float32).reshape(2, 3), "pl_mean": np.float32(0.5), "step": 7}


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def snapshot(store: FolderStore, tmp_path: Path) -> Snapshot:
    path = tmp_path / CHECKPOINT
    checkpoint.write(path, {name: np.asarray(value) for name, value in STATE.items()})
    snapshot = Snapshot(training="7" * 64, leg=1, images=4, files={CHECKPOINT: sha256.hash_file(path)})
    store.put_file(snapshot.key(CHECKPOINT), path)
    return snapshot


def test_what_is_written_is_read(store: FolderStore, snapshot: Snapshot) -> None:
    read = checkpoint.read(store, snapshot)
    assert read is not None
    assert read.keys() == STATE.keys()
    assert all(np.array_equal(read[name], value) for name, value in STATE.items())


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        checkpoint.write(tmp_path / f"{name}.npz", {"G/bias": np.ones(3)})
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_damaged_checkpoint_is_not_read(store: FolderStore, snapshot: Snapshot) -> None:
    store.put(snapshot.key(CHECKPOINT), store.get(snapshot.key(CHECKPOINT))[:-1])
    assert checkpoint.read(store, snapshot) is None


def test_a_checkpoint_that_is_gone_is_not_read(store: FolderStore, snapshot: Snapshot) -> None:
    store.delete(snapshot.key(CHECKPOINT))
    assert checkpoint.read(store, snapshot) is None
