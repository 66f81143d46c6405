"""A finished run with a data set, a snapshot and a ranking, for tests of what follows from a ranking."""

import csv
import io
import json
from collections.abc import Sequence

import pytest

from shared.contract import keys
from shared.contract.messages import DatasetPacked, FacesCompared, RankingReady, SnapshotTaken
from shared.runs.run_trainings import RunTraining, number_training
from shared.runs.trainings import RANKING, Snapshot, complete
from shared.store import FolderStore
from tests.services.magritte.verdict_runs import ENTRIES, IMAGES, faces
from tests.shared.ledgers import note, tally_of

__all__ = ["faces", "ranked"]

DATASET, TRAINING = "0d" * 32, "0f" * 32


def pack(store: FolderStore, run: str, version: int, entries: Sequence[int], verdicts: Sequence[int] = ()) -> None:
    """Give the run a version of its data set with the only face of each of these entries."""
    digest = f"{version:02d}" * 32
    parent = version - 1 or None
    record = {"digest": digest, "parent": parent, "verdicts": list(verdicts)}
    store.put(keys.dataset_version(run, version), json.dumps(record).encode())
    members = [{"entry": ENTRIES[each], "face": 0, "image": IMAGES[each]} for each in entries]
    store.put(keys.dataset(digest, keys.MANIFEST), json.dumps({"members": members}).encode())
    number = number_training(store, run, RunTraining(version=version, dataset=digest))
    changes = tally_of(store, run).changes
    note(store, "some", DatasetPacked(run=run, version=version, digest=digest, changes=changes, number=number))


def take_snapshot(store: FolderStore, run: str, number: int, version: int, leg: int, last: bool = False) -> Snapshot:
    """Take a snapshot of leg `leg`, 2 kimg long each, of the run's training `number`."""
    training = f"{number:02d}" * 32
    snapshot = Snapshot(training=training, leg=leg, images=leg * 2000, files={})
    complete(store, snapshot)
    about = {"run": run, "version": version, "dataset": f"{version:02d}" * 32, "training": training, "leg": leg}
    taken = SnapshotTaken.model_validate({**about, "number": number, "kimg": 2.0 * leg, "last": last})
    note(store, "trainer", taken)
    return snapshot


def rank(store: FolderStore, run: str, order: Sequence[int], number: int = 1, version: int = 1, leg: int = 3) -> None:
    """Rank the only faces of these entries, the best first, with scores of 1, 0, -1 and so on."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["rank", "quality", "entry", "face", "image"])
    for place, each in enumerate(order):
        table.writerow([place + 1, 1.0 - place, ENTRIES[each], 0, IMAGES[each]])
    key = keys.leg(f"{number:02d}" * 32, leg, RANKING)
    store.put(key, text.getvalue().encode())
    about = {"run": run, "version": version, "dataset": f"{version:02d}" * 32, "training": f"{number:02d}" * 32}
    note(store, "r", RankingReady.model_validate({**about, "leg": leg, "number": number, "files": {RANKING: key}}))


@pytest.fixture
def ranked(store: FolderStore, faces: str) -> str:
    """The run of three faces, finished: a data set, a training of three legs and a ranking."""
    note(store, "deduper", FacesCompared(run=faces, changes=tally_of(store, faces).candidate_changes, superseded=0))
    pack(store, faces, 1, (0, 1, 2))
    for leg in (1, 2, 3):
        take_snapshot(store, faces, 1, 1, leg, last=leg == 3)
    rank(store, faces, (1, 0, 2))
    return faces
