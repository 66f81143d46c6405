import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.ranker.stage import Ranker, RankerSettings
from shared.contract import keys
from shared.contract.errors import Interrupted, Poison
from shared.contract.messages import RankingReady, SnapshotTaken, VerdictGiven
from shared.contract.stage import Context
from shared.recipe.pruning import Pruning, Worst
from shared.recipe.ranking import Ranking
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs import trainings
from shared.runs.trainings import (
    BEST,
    BEST_FAKES,
    FAKE_RANKING,
    NETWORK,
    RANKING,
    STRANGEST,
    SUMMARY,
    UNCERTAIN,
    WORST,
    WORST_FAKES,
    Snapshot,
)
from shared.runtime.execution import action_of
from shared.store.folder import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.example import encode_picture
from shared.stylegan2.grid import to_uint8
from shared.stylegan2.inference import Discriminator, Generator
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
    members = [
        {
            "index": n,
            "name": f"picture-{n}",
            "picture": f"{n}" * 64,
            "image": "abcdef0"[n] * 64,
            "entry": f"{n:020x}",
            "face": 0,
        }
        for n in range(7)
    ]
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps({"members": members}).encode())
    data = network_file.dump(NETWORKS)
    snapshot = Snapshot(training=TRAINING, leg=3, images=6000, files={NETWORK: hashlib.sha256(data).hexdigest()})
    store.put(snapshot.key(NETWORK), data)
    trainings.complete(store, snapshot)
    return store


def settings(ranking: Ranking = THREE_ON_A_SHEET) -> RankerSettings:
    return Ranker().settings(Recipe(name="toy", sources=(FolderSource(folder=Path("pictures")),), ranking=ranking))


def ranked(
    store: FolderStore,
    ranking: Ranking = THREE_ON_A_SHEET,
    consumed: SnapshotTaken = TAKEN,
    stopping: Callable[[], bool] = lambda: False,
) -> list[RankingReady]:
    return list(Ranker().process(consumed, settings(ranking), Context(store, stopping=stopping)))


def rows(store: FolderStore, ready: RankingReady) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(store.get(ready.files[RANKING]).decode())))


def another(store: FolderStore, leg: int, networks: Networks = NETWORKS) -> SnapshotTaken:
    """Another snapshot of the training, and the message about it."""
    data = network_file.dump(networks)
    files = {NETWORK: hashlib.sha256(data).hexdigest()}
    snapshot = Snapshot(training=TRAINING, leg=leg, images=leg * 2000, files=files)
    store.put(snapshot.key(NETWORK), data)
    trainings.complete(store, snapshot)
    return TAKEN.model_copy(update={"leg": leg, "kimg": leg * 2.0})


def test_the_last_snapshot_is_ranked(store: FolderStore) -> None:
    (ready,) = ranked(store)
    about = RankingReady(run="toy-001", version=2, dataset=DATASET, training=TRAINING, leg=3)
    assert ready.model_copy(update={"files": {}}) == about
    assert ready.files.keys() == {*trainings.RANKING_FILES, *trainings.FAKE_RANKING_FILES}
    assert all(store.exists(key) for key in ready.files.values())
    table = rows(store, ready)
    assert [int(row["rank"]) for row in table] == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(row["name"] for row in table) == [f"picture-{n}" for n in range(7)]
    for column, value, sign in (("quality_rank", "quality", -1), ("belonging_rank", "belonging", 1)):
        ordered = sorted(table, key=lambda row: int(row[column]))
        values = [sign * float(row[value]) for row in ordered]
        assert values == sorted(values)


def test_scores_are_those_of_the_snapshots_discriminator(store: FolderStore) -> None:
    (ready,) = ranked(store, Ranking(shuffles=60))
    found = {row["name"]: (float(row["quality"]), float(row["spread"])) for row in rows(store, ready)}
    discriminator = Discriminator(NETWORKS.architecture, NETWORKS.D)
    for n in range(7):
        company = [[n, *others] for others in ((n + 1, n + 2, n + 3), (n + 4, n + 5, n + 6), (n + 1, n + 3, n + 5))]
        expected = np.mean([discriminator.scores(PICTURES[np.array(batch) % 7])[0] for batch in company])
        score, spread = found[f"picture-{n}"]
        assert abs(score - expected) < 4 * spread + 1e-4


def test_the_sheets_show_the_worst_the_strangest_the_best_and_the_most_uncertain(store: FolderStore) -> None:
    (ready,) = ranked(store)
    table = rows(store, ready)
    first = {
        WORST: table[-1],
        BEST: table[0],
        STRANGEST: max(table, key=lambda row: float(row["belonging"])),
        UNCERTAIN: max(table, key=lambda row: float(row["spread"])),
    }
    for name, row in first.items():
        with Image.open(io.BytesIO(store.get(ready.files[name]))) as page:
            thumbnail = np.asarray(page)[6:134:16, 6:134:16]
        assert np.array_equal(thumbnail, PICTURES[int(row["name"].removeprefix("picture-"))])


def test_what_the_network_draws_is_ranked_too(store: FolderStore) -> None:
    (ready,) = ranked(store, Ranking(sheet=3, shuffles=60, fakes=9))
    table = list(csv.DictReader(io.StringIO(store.get(ready.files[FAKE_RANKING]).decode())))
    assert sorted(int(row["seed"]) for row in table) == list(range(9))
    assert [float(row["score"]) for row in table] == sorted((float(row["score"]) for row in table), reverse=True)
    z = np.stack([np.random.RandomState(seed).randn(8).astype(np.float32) for seed in range(9)])
    drawn = to_uint8(Generator(NETWORKS.architecture, NETWORKS.Gs).pictures(z))
    discriminator = Discriminator(NETWORKS.architecture, NETWORKS.D)
    company = [np.roll(np.arange(9), shift)[:4] for shift in range(9)]
    expected = np.mean([discriminator.scores(drawn[chosen]).mean() for chosen in company])
    assert np.mean([float(row["score"]) for row in table]) == pytest.approx(expected, abs=0.02)
    for name, row in ((BEST_FAKES, table[0]), (WORST_FAKES, table[-1])):
        with Image.open(io.BytesIO(store.get(ready.files[name]))) as page:
            assert np.array_equal(np.asarray(page)[6:134:16, 6:134:16], drawn[int(row["seed"])])


def test_no_fakes_are_drawn_where_none_are_asked_for(store: FolderStore) -> None:
    (ready,) = ranked(store, Ranking(sheet=3, fakes=0))
    assert ready.files.keys() == set(trainings.RANKING_FILES)


@pytest.mark.parametrize(
    ("kimg", "at_kimg", "is_ranked"),
    [(6.0, (), False), (6.0, (6.0,), True), (6.0, (4.0,), False), (6.0, (1.0, 4.1), True), (6.0, (6.1,), False)],
)
def test_earlier_snapshots_are_ranked_where_the_recipe_names_a_kimg_of_their_leg(
    store: FolderStore, kimg: float, at_kimg: tuple[float, ...], is_ranked: bool
) -> None:
    earlier = TAKEN.model_copy(update={"last": False, "kimg": kimg})
    assert len(ranked(store, Ranking(sheet=3, at_kimg=at_kimg), earlier)) == is_ranked
    assert (action_of(Ranker(), earlier, settings(Ranking(at_kimg=at_kimg))) is not None) == is_ranked


def test_rankings_with_other_settings_do_not_overwrite_each_other(store: FolderStore) -> None:
    (ready,) = ranked(store)
    before = store.get(ready.files[RANKING])
    (other,) = ranked(store, Ranking(shuffles=2, sheet=3))
    assert store.get(ready.files[RANKING]) == before != store.get(other.files[RANKING])


def test_each_run_has_a_ranking_with_its_own_places(store: FolderStore) -> None:
    of_other = TAKEN.model_copy(update={"run": "toy-002", "version": 1})
    place = {"origin": "/other/1.png", "source": "folder"}
    entries = {"e" * 20: {"origin": "/other/1.png", "score": 1, "image": "b" * 64, "provenance": place}}
    store.put(keys.listing("toy-002", 0), json.dumps({"entries": entries, "count": 1, "next": None}).encode())
    (own,), (other,) = ranked(store), ranked(store, consumed=of_other)
    assert (other.run, other.version, other.training) == ("toy-002", 1, TRAINING)
    assert {row["origin"] for row in rows(store, own)} == {""}
    assert [row["origin"] for row in rows(store, other) if row["image"] == "b" * 64] == ["/other/1.png"]
    action = action_of(Ranker(), TAKEN, settings())
    assert action is not None
    assert action != action_of(Ranker(), of_other, settings())


def test_a_ranking_says_how_far_it_agrees_with_the_one_by_the_snapshot_before(store: FolderStore) -> None:
    (first,) = ranked(store)
    assert first.stability is None
    (same,) = ranked(store, consumed=another(store, 5))
    assert same.stability == pytest.approx(1)
    (other,) = ranked(store, consumed=another(store, 6, Networks.fresh(NETWORKS.architecture, seed=9)))
    ranks = [{row["name"]: int(row["quality_rank"]) for row in rows(store, each)} for each in (same, other)]
    squares = sum((rank - ranks[1][name]) ** 2 for name, rank in ranks[0].items())
    assert other.stability == pytest.approx(1 - 6 * squares / (7 * (7**2 - 1)))
    summary = json.loads(store.get(other.files[SUMMARY]))
    assert (summary["compared_with"], summary["stability"], summary["pictures"]) == (5, other.stability, 7)
    assert ranked(store, Ranking(shuffles=2, sheet=3), another(store, 7))[0].stability is None


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


def test_a_network_for_other_pictures_is_poison(store: FolderStore) -> None:
    larger = Architecture(16, fmap_base=64, fmap_max=8, z_size=8, w_size=8, mapping_fmaps=8, mapping_layers=1)
    with pytest.raises(Poison, match=r"snapshot 4 takes 16 px in 3 channels, and the data set .* has 8 px in 3"):
        ranked(store, consumed=another(store, 4, Networks.fresh(larger, 1)))


def test_pictures_are_scored_as_of_their_class(store: FolderStore) -> None:
    networks = Networks.fresh(
        Architecture(8, label_size=2, fmap_max=8, z_size=8, w_size=8, mapping_fmaps=8, mapping_layers=1), seed=2
    )
    with pytest.raises(Poison, match=r"snapshot 4 knows 2 classes, and the data set d+ has 0"):
        ranked(store, consumed=another(store, 4, networks))
    labels = one_hot([n % 2 for n in range(7)], 2)
    members = [{"index": n, "name": f"picture-{n}", "label": "ab"[n % 2], "origins": []} for n in range(7)]
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps({"classes": ["a", "b"], "members": members}).encode())
    store.put(keys.dataset(DATASET, labels_file_name("toy")), encode_labels(labels))
    (ready,) = ranked(store, Ranking(sheet=3, shuffles=1), another(store, 4, networks))
    found = {row["name"]: float(row["quality"]) for row in rows(store, ready)}
    assert {row["name"]: row["label"] for row in rows(store, ready)}["picture-1"] == "b"
    alone = Discriminator(networks.architecture, networks.D)
    order = np.random.default_rng([1000, 0]).permutation(7)
    scores = alone.scores(PICTURES[order[:4]], labels[order[:4]])
    for index, score in zip(order[:4], scores, strict=True):
        assert found[f"picture-{index}"] == pytest.approx(float(score), abs=1e-4)


def test_the_worst_of_two_rankings_leave_if_the_recipe_says_so(store: FolderStore) -> None:
    recipe = Recipe(
        name="toy",
        sources=(FolderSource(folder=Path("pictures")),),
        ranking=Ranking(sheet=3, at_kimg=(4.0,)),
        pruning=Pruning(worst=Worst.DROP, share=0.3, floor=1),
    )
    stage = Ranker()
    before, last = another(store, 2), another(store, 3)
    first = list(stage.process(before.model_copy(update={"last": False}), stage.settings(recipe), Context(store)))
    assert [type(message) for message in first] == [RankingReady]
    ready, *verdicts = stage.process(last, stage.settings(recipe), Context(store))
    assert isinstance(ready, RankingReady)
    worst = [row["image"] for row in rows(store, ready)[:-3:-1]]
    assert [message.image for message in verdicts if isinstance(message, VerdictGiven)] == worst


def test_altered_copies_are_not_ranked_and_make_nothing_look_usual(store: FolderStore) -> None:
    (before,) = ranked(store)
    tfrecords = b"".join(frame(encode_picture(PICTURES[n].transpose(2, 0, 1))) for n in (*range(7), 3, 3))
    store.put(keys.dataset(DATASET, "toy-r03.tfrecords"), tfrecords)
    manifest = json.loads(store.get(keys.dataset(DATASET, "manifest.json")))
    copy = manifest["members"][3] | {"name": "copy", "derived": {"from": "picture-3", "by": "mirror"}}
    store.put(
        keys.dataset(DATASET, "manifest.json"), json.dumps({"members": [*manifest["members"], copy, copy]}).encode()
    )
    (after,) = ranked(store)
    assert rows(store, after) == rows(store, before)


def test_a_snapshot_of_another_training_of_the_run_is_not_answered_with_the_ranking_of_the_first(
    store: FolderStore,
) -> None:
    """Two trainings of a run can have the same snapshots; the run waits for the ranking of the later one."""
    actions = [action_of(Ranker(), TAKEN.model_copy(update={"number": number}), settings()) for number in (1, 2)]
    assert actions[0] != actions[1]
    assert ranked(store, consumed=TAKEN.model_copy(update={"number": 2}))[0].number == 2
