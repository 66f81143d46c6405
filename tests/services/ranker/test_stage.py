import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.ranker.stage import Ranker, SeededRanking
from shared.contract import keys
from shared.contract.errors import Interrupted, Poison
from shared.contract.messages import RankingReady, SnapshotTaken
from shared.contract.stage import Context
from shared.recipe.ranking import Ranking
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs import trainings
from shared.runs.trainings import BEST, NETWORK, RANKING, WORST, Snapshot
from shared.runtime import records
from shared.runtime.execution import action_of
from shared.store.folder import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.example import encode_picture
from shared.stylegan2.inference import Discriminator
from shared.stylegan2.labels_file import encode_labels, labels_file_name, one_hot
from shared.stylegan2.tfrecords import frame
from shared.stylegan2.weights import Networks

DATASET, TRAINING = "d" * 64, "7" * 64
TAKEN = SnapshotTaken(run="toy-001", version=2, dataset=DATASET, training=TRAINING, leg=3, kimg=6.0, last=True)
PICTURES = np.random.default_rng(5).integers(0, 256, (7, 8, 8, 3), np.uint8)
THREE_ON_A_SHEET = Ranking(sheet=3)
NETWORKS = Networks.fresh(
    Architecture(8, fmap_base=64, fmap_max=8, z_size=8, w_size=8, mapping_fmaps=8, mapping_layers=1), seed=2
)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """A data set of seven pictures and snapshot 3 of a training."""
    store = FolderStore(tmp_path / "store")
    tfrecords = b"".join(frame(encode_picture(picture.transpose(2, 0, 1))) for picture in PICTURES)
    store.put(keys.dataset(DATASET, "toy-r03.tfrecords"), tfrecords)
    members = [{"index": n, "name": f"picture-{n}", "picture": f"{n}" * 64, "origins": []} for n in range(7)]
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps({"members": members}).encode())
    data = network_file.dump(NETWORKS)
    snapshot = Snapshot(training=TRAINING, leg=3, images=6000, files={NETWORK: hashlib.sha256(data).hexdigest()})
    store.put(snapshot.key(NETWORK), data)
    trainings.complete(store, snapshot)
    return store


def settings(ranking: Ranking = THREE_ON_A_SHEET) -> SeededRanking:
    return Ranker().settings(Recipe(name="toy", sources=(FolderSource(folder=Path("pictures")),), ranking=ranking))


def ranked(
    store: FolderStore,
    ranking: Ranking = THREE_ON_A_SHEET,
    consumed: SnapshotTaken = TAKEN,
    stopping: Callable[[], bool] = lambda: False,
) -> list[RankingReady]:
    return list(Ranker().process(consumed, settings(ranking), Context(store, stopping=stopping)))


def file(store: FolderStore, name: str, ranking: Ranking = THREE_ON_A_SHEET) -> bytes:
    snapshot = trainings.find_snapshot(store, TRAINING, 3)
    assert snapshot is not None
    return store.get(trainings.ranking_key(snapshot, ranking, name))


def test_the_last_snapshot_is_ranked(store: FolderStore) -> None:
    (ready,) = ranked(store)
    about = RankingReady(run="toy-001", version=2, dataset=DATASET, training=TRAINING, leg=3)
    assert ready.model_copy(update={"files": {}}) == about
    assert ready.files.keys() == {RANKING, WORST, BEST}
    assert all(store.exists(key) for key in ready.files.values())
    rows = list(csv.DictReader(io.StringIO(file(store, RANKING).decode())))
    assert [int(row["rank"]) for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(row["name"] for row in rows) == [f"picture-{n}" for n in range(7)]
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_scores_are_those_of_the_snapshots_discriminator(store: FolderStore) -> None:
    ranked(store, Ranking(shuffles=60))
    rows = csv.DictReader(io.StringIO(file(store, RANKING, Ranking(shuffles=60)).decode()))
    found = {row["name"]: (float(row["score"]), float(row["spread"])) for row in rows}
    discriminator = Discriminator(NETWORKS.architecture, NETWORKS.D)
    for n in range(7):
        company = [[n, *others] for others in ((n + 1, n + 2, n + 3), (n + 4, n + 5, n + 6), (n + 1, n + 3, n + 5))]
        expected = np.mean([discriminator.scores(PICTURES[np.array(batch) % 7])[0] for batch in company])
        score, spread = found[f"picture-{n}"]
        assert abs(score - expected) < 4 * spread + 1e-4


def test_the_sheets_show_the_worst_and_the_best(store: FolderStore) -> None:
    ranked(store)
    rows = list(csv.DictReader(io.StringIO(file(store, RANKING).decode())))
    for name, row in ((BEST, rows[0]), (WORST, rows[-1])):
        with Image.open(io.BytesIO(file(store, name))) as page:
            thumbnail = np.asarray(page)[6:134:16, 6:134:16]
        assert np.array_equal(thumbnail, PICTURES[int(row["name"].removeprefix("picture-"))])


def test_earlier_snapshots_are_not_ranked(store: FolderStore) -> None:
    earlier = TAKEN.model_copy(update={"last": False})
    assert ranked(store, consumed=earlier) == []
    assert action_of(Ranker(), earlier, settings()) is None


def test_rankings_with_other_settings_do_not_overwrite_each_other(store: FolderStore) -> None:
    ranked(store)
    before = file(store, RANKING)
    ranked(store, Ranking(shuffles=2, sheet=3))
    assert file(store, RANKING) == before != file(store, RANKING, Ranking(shuffles=2, sheet=3))


def test_another_run_is_answered_from_the_record_in_its_own_name(store: FolderStore) -> None:
    action = action_of(Ranker(), TAKEN, settings())
    assert action is not None
    records.keep_outcome(store, action, ranked(store), TAKEN)
    consumed = TAKEN.model_copy(update={"run": "toy-002", "version": 1})
    again = action_of(Ranker(), consumed, settings())
    assert again == action
    (ready,) = records.find_outcome(store, again, consumed) or []
    assert (ready.run, ready.version, ready.training) == ("toy-002", 1, TRAINING)
    assert store.exists(ready.files[RANKING])


def test_ranking_stops_when_asked_to(store: FolderStore) -> None:
    with pytest.raises(Interrupted):
        ranked(store, stopping=lambda: True)


def test_a_snapshot_that_is_not_there_is_poison(store: FolderStore) -> None:
    with pytest.raises(Poison, match="no snapshot 4"):
        ranked(store, consumed=TAKEN.model_copy(update={"leg": 4}))


def test_a_manifest_of_another_length_is_poison(store: FolderStore) -> None:
    store.put(keys.dataset(DATASET, "manifest.json"), b'{"members": [{}]}')
    with pytest.raises(Poison, match="7 pictures, and its manifest 1"):
        ranked(store)


def test_pictures_are_scored_as_of_their_class(store: FolderStore) -> None:
    networks = Networks.fresh(
        Architecture(8, label_size=2, fmap_max=8, z_size=8, w_size=8, mapping_fmaps=8, mapping_layers=1), seed=2
    )
    labels = one_hot([n % 2 for n in range(7)], 2)
    members = [{"index": n, "name": f"picture-{n}", "label": "ab"[n % 2], "origins": []} for n in range(7)]
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps({"classes": ["a", "b"], "members": members}).encode())
    store.put(keys.dataset(DATASET, labels_file_name("toy")), encode_labels(labels))
    data = network_file.dump(networks)
    snapshot = Snapshot(training=TRAINING, leg=4, images=8000, files={NETWORK: hashlib.sha256(data).hexdigest()})
    store.put(snapshot.key(NETWORK), data)
    trainings.complete(store, snapshot)
    ranked(store, Ranking(sheet=3, shuffles=1), TAKEN.model_copy(update={"leg": 4}))
    rows = csv.DictReader(
        io.StringIO(store.get(trainings.ranking_key(snapshot, Ranking(sheet=3, shuffles=1), RANKING)).decode())
    )
    found = {row["name"]: float(row["score"]) for row in rows}
    alone = Discriminator(networks.architecture, networks.D)
    order = np.random.default_rng([1000, 0]).permutation(7)
    scores = alone.scores(PICTURES[order[:4]], labels[order[:4]])
    for index, score in zip(order[:4], scores, strict=True):
        assert found[f"picture-{index}"] == pytest.approx(float(score), abs=1e-4)
