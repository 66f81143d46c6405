"""Publication of a leg: its files first, under names of their content, and `done.json` last, created once."""

from pathlib import Path

from shared import sha256
from shared.contract import keys
from shared.contract.stage import Objects
from shared.runs import trainings
from shared.runs.trainings import CHECKPOINT, Snapshot


def publish(store: Objects, snapshot: Snapshot, folder: Path) -> bool:
    """Store the snapshot's files from `folder`, then `done.json`; return whether this trainer was the first to do so.

    False when another trainer has been faster: its snapshot stays untouched, and ours is removed again.
    """
    for file in snapshot.files:
        store.put_file(snapshot.key(file), folder / file)
    if trainings.complete(store, snapshot):
        return True
    winner = trainings.find_snapshot(store, snapshot.training, snapshot.leg)
    theirs = {winner.key(file) for file in winner.files} if winner else set()
    for key in {snapshot.key(file) for file in snapshot.files} - theirs:
        store.delete(key)
    return False


def describe(training: str, leg: int, images: int, folder: Path, threads: int | None) -> Snapshot:
    """Return the snapshot that the files in `folder` make, computed in `threads` intra-op threads."""
    files = {path.name: sha256.hash_file(path) for path in sorted(folder.iterdir())}
    return Snapshot(training=training, leg=leg, images=images, files=files, threads=threads)


def remove_old_checkpoints(store: Objects, newest: Snapshot, kept: int) -> None:
    """Remove large checkpoints of older snapshots, to which training never returns.

    The last few stay, and those that another training begins with.
    """
    prefix, found = f"{Path(CHECKPOINT).stem}-", list(store.list(keys.training(newest.training)))
    parsed = [(key, *keys.parse_leg(key)) for key in found]
    parents = {leg for _, leg, file in parsed if file == trainings.IS_PARENT}
    for key, leg, file in parsed:
        if leg <= newest.leg - kept and leg not in parents and file.startswith(prefix):
            store.delete(key)
