"""Data sets and snapshots of a run whose files are a few words, but for the statistics, which are the trainer's."""

import hashlib
import json
from types import SimpleNamespace
from typing import Any

from services.trainer.plan import Plan
from services.trainer.stats import Span, Statistics, Watched, summarize
from services.trainer.tensorboard import events
from shared.contract import keys
from shared.contract.messages import DatasetPacked, SnapshotTaken
from shared.runs import trainings
from shared.runs.registry import read_state, run_recipe
from shared.runs.trainings import Snapshot
from shared.store import FolderStore
from tests.shared.ledgers import note, tally_of

DATASET = "0d" * 32
PLAN = Plan(total=4000, leg=1000, tick=500)
START = 1_700_000_000.0
QUALITY = {"pictures": 200, "sliced_wasserstein": 23.44, "memorised": 0.015}


def pack(store: FolderStore, run: str, version: int = 1, dataset: str = DATASET) -> None:
    """Give the run a data set of what it has, which is only a manifest."""
    store.put(keys.dataset_version(run, version), json.dumps({"digest": dataset}).encode())
    store.put(keys.dataset(dataset, keys.MANIFEST), b"{}")
    packed = DatasetPacked(run=run, version=version, digest=dataset, changes=tally_of(store, run).changes)
    note(store, "tfrecord-packer", packed)


def tick(after: int, **losses: Any) -> Statistics:
    """The tick that ends when D has been shown so many pictures: 40 seconds for 500, losses that grow."""
    means = {"g": after / 1000, "d": after / 2000, "real_score": 1.0, "fake_score": -1.0, "real_sign": 0.5}
    loss: Any = SimpleNamespace(**means | {"r1": None, "path_length": None, "augment_p": None} | losses)
    return summarize([loss], Span(after - PLAN.tick, after, 40.0, START + after), PLAN, Watched(0.5, 0.25))


def complete(
    store: FolderStore,
    run: str,
    leg: int,
    dataset: str = DATASET,
    since: int | None = None,
    compared: bool = False,
    last: bool = False,
) -> Snapshot:
    """Complete leg `leg` of the run's training, a thousand pictures long, or begun after leg `since`; tell of it."""
    begin = 1000 * (leg - 1 if since is None else since)
    ticks = [tick(after) for after in range(begin + PLAN.tick, leg * 1000 + 1, PLAN.tick)]
    content = {name: f"{name} of leg {leg}".encode() for name in trainings.FILES}
    content[trainings.STATS] = "".join(json.dumps(each.event().fields()) + "\n" for each in ticks).encode()
    content[trainings.EVENTS] = events(ticks, None, {})
    if compared:
        content |= {trainings.NEIGHBOURS: b"those nearest", trainings.QUALITY: json.dumps(QUALITY).encode()}
    training = trainings.training_digest(run_recipe(store, run).resolved_training, dataset)
    files = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    snapshot = Snapshot(training=training, leg=leg, images=leg * 1000, files=files)
    store.put(keys.leg(training, 0, "reals.png"), b"some training pictures")
    for name, data in content.items():
        store.put(snapshot.key(name), data)
    trainings.complete(store, snapshot)
    publish(store, run, snapshot, dataset, last)
    return snapshot


def publish(store: FolderStore, run: str, snapshot: Snapshot, dataset: str = DATASET, last: bool = False) -> None:
    """Write into the run's journal what the trainer says of a snapshot."""
    found = read_state(store, run).dataset
    about = {"run": run, "version": found.version if found else 1, "dataset": dataset, "last": last}
    taken = {"training": snapshot.training, "leg": snapshot.leg, "kimg": snapshot.kimg}
    note(store, "trainer", SnapshotTaken.model_validate(about | taken))
