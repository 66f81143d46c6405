from pathlib import Path

import pytest

from services.trainer.publication import describe, publish, remove_old_checkpoints
from shared.contract import keys
from shared.runs import trainings
from shared.runs.trainings import CHECKPOINT, FILES, NETWORK, Snapshot
from shared.store.folder import FolderStore

TRAINING = "7" * 64


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def made(folder: Path, leg: int, content: str) -> tuple[Snapshot, Path]:
    folder.mkdir()
    for file in FILES:
        (folder / file).write_text(f"{file} {content}")
    return describe(TRAINING, leg, leg * 100, folder, threads=2), folder


def objects(store: FolderStore, snapshot: Snapshot) -> set[str]:
    return set(store.list(keys.leg(TRAINING, snapshot.leg)))


def test_a_published_snapshot_is_complete_and_has_its_files(store: FolderStore, tmp_path: Path) -> None:
    snapshot, folder = made(tmp_path / "ours", 1, "ours")
    assert trainings.find_snapshot(store, TRAINING, 1) is None
    assert publish(store, snapshot, folder)
    assert trainings.find_snapshot(store, TRAINING, 1) == snapshot
    assert store.get(snapshot.key(CHECKPOINT)) == b"checkpoint.npz ours"


def test_who_comes_second_leaves_nothing_behind_and_the_winner_untouched(store: FolderStore, tmp_path: Path) -> None:
    winner, folder = made(tmp_path / "theirs", 1, "theirs")
    publish(store, winner, folder)
    before = objects(store, winner)
    loser, folder = made(tmp_path / "ours", 1, "ours")
    assert not publish(store, loser, folder)
    assert objects(store, winner) == before
    assert trainings.find_snapshot(store, TRAINING, 1) == winner
    assert store.get(winner.key(NETWORK)) == b"network.npz theirs"


def test_who_comes_second_with_the_same_files_does_not_remove_them(store: FolderStore, tmp_path: Path) -> None:
    winner, folder = made(tmp_path / "theirs", 1, "same")
    publish(store, winner, folder)
    _, folder = made(tmp_path / "ours", 1, "same")
    assert not publish(store, winner, folder)
    assert len(objects(store, winner)) == len(FILES) + 1


def test_old_checkpoints_are_removed_and_everything_else_is_kept(store: FolderStore, tmp_path: Path) -> None:
    snapshots = []
    for leg in (1, 2, 3):
        snapshot, folder = made(tmp_path / str(leg), leg, "ours")
        publish(store, snapshot, folder)
        snapshots.append(snapshot)
    left_by_a_killed_trainer = keys.leg(TRAINING, 1, "checkpoint-0123456789ab.npz")
    store.put(left_by_a_killed_trainer, b"")
    remove_old_checkpoints(store, snapshots[-1], kept=2)
    assert not store.exists(left_by_a_killed_trainer)
    assert [store.exists(snapshot.key(CHECKPOINT)) for snapshot in snapshots] == [False, True, True]
    assert all(store.exists(snapshot.key(NETWORK)) for snapshot in snapshots)
