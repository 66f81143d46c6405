import json
from pathlib import Path

import pytest

from shared.contract.errors import Unreadable
from shared.contract.messages import RankingReady
from shared.recipe.recipe import Recipe
from shared.runs import results as run_results
from shared.runs import trainings
from shared.runs.registry import open_run, read_state
from shared.runs.results import DATA_SET, Results, legs, statistics, trained
from shared.runs.trainings import Snapshot
from shared.store import FolderStore
from tests.shared.ledgers import note
from tests.shared.legs import DATASET, QUALITY, complete, pack, tick


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def run(store: FolderStore, recipe: Recipe) -> str:
    """A run with a data set, before its training."""
    name = open_run(store, recipe).name
    pack(store, name)
    return name


def results(store: FolderStore, run: str) -> Results:
    return run_results.results(store, run, read_state(store, run))


def kimg(store: FolderStore, snapshots: list[Snapshot]) -> list[float]:
    return [json.loads(line)["kimg"] for line in statistics(store, snapshots).splitlines()]


def test_before_the_data_set_there_is_nothing(store: FolderStore, recipe: Recipe) -> None:
    found = results(store, open_run(store, recipe).name)
    assert found == Results()
    assert trained(store, found) is None


def test_before_the_first_snapshot_there_is_the_data_set(store: FolderStore, run: str) -> None:
    found = results(store, run)
    assert (list(found.objects), found.snapshot) == ([DATA_SET], None)
    assert trained(store, found) is None


def test_what_a_snapshot_has_is_a_result(store: FolderStore, run: str) -> None:
    complete(store, run, 1)
    assert set(results(store, run).objects) == {DATA_SET, "reals", "fakes", "truncation", "network"}
    newest = complete(store, run, 2, compared=True)
    found = results(store, run)
    assert found.snapshot == newest
    assert found.objects["neighbours"] == newest.key(trainings.NEIGHBOURS)
    assert json.loads(store.get(found.objects["quality"])) == QUALITY
    assert store.get(found.objects["truncation"]) == b"truncation.png of leg 2"


def test_a_longer_training_of_another_run_is_not_this_one_s_result(store: FolderStore, recipe: Recipe) -> None:
    run, longer = (
        open_run(store, recipe.model_copy(update={"training": recipe.training.model_copy(update={"kimg": kimg})})).name
        for kimg in (1.5, 3.0)
    )
    for each, expected in ((run, 2), (longer, 3)):
        pack(store, each)
        for leg in range(1, expected + 1):
            complete(store, each, leg)
    found = results(store, run)
    assert found.snapshot is not None
    assert (found.snapshot.leg, found.kimg) == (2, 2.0)
    assert [snapshot.leg for snapshot in legs(store, found.snapshot)] == [1, 2]


def test_a_release_that_trains_otherwise_orphans_no_finished_result(
    store: FolderStore, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = complete(store, run, 1, last=True)
    ranked = f"trainings/{snapshot.training[:20]}/000001/ranking-of-today.csv"
    store.put(ranked, b"")
    about = {"run": run, "version": 1, "dataset": DATASET, "training": snapshot.training, "leg": 1}
    ready = RankingReady.model_validate(about | {"files": {trainings.RANKING: ranked}})
    note(store, "ranker", ready)
    before = results(store, run)
    assert before.objects["ranking"] == ranked
    monkeypatch.setattr(trainings, "VERSION", trainings.VERSION + 1)
    assert results(store, run) == before


def test_how_a_training_went_is_its_last_tick_and_its_figures(store: FolderStore, recipe: Recipe) -> None:
    settings = recipe.training.model_copy(update={"resume_kimg": 100.0})
    run = open_run(store, recipe.model_copy(update={"training": settings})).name
    pack(store, run)
    complete(store, run, 1)
    result = trained(store, results(store, run))
    assert result is not None
    assert (result.leg, result.kimg, result.tick, result.quality) == (
        1,
        101.0,
        tick(1000).event().fields(),
        None,
    )
    complete(store, run, 2, compared=True)
    result = trained(store, results(store, run))
    assert result is not None
    assert (result.leg, result.kimg, result.tick, result.quality) == (
        2,
        102.0,
        tick(2000).event().fields(),
        QUALITY,
    )


def test_statistics_that_are_gone_do_not_hide_the_rest(store: FolderStore, run: str) -> None:
    store.delete(complete(store, run, 1, compared=True).key(trainings.STATS))
    result = trained(store, results(store, run))
    assert result is not None
    assert (result.tick, result.quality) == (None, QUALITY)


def test_the_ticks_of_all_legs_are_joined_in_order(store: FolderStore, run: str) -> None:
    for leg in range(1, 12):
        last = complete(store, run, leg)
    assert kimg(store, legs(store, last)) == [number / 2 for number in range(1, 23)]


def test_the_ticks_of_a_leg_that_was_trained_again_are_there_once(store: FolderStore, run: str) -> None:
    snapshots = [complete(store, run, 1), complete(store, run, 2), complete(store, run, 3, since=1)]
    assert kimg(store, snapshots) == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


def test_a_leg_whose_record_is_damaged_is_left_out(store: FolderStore, run: str) -> None:
    for leg in (1, 2, 3):
        last = complete(store, run, leg)
    store.put(f"trainings/{last.training[:20]}/000002/done.json", b"")
    assert kimg(store, legs(store, last)) == [0.5, 1.0, 2.5, 3.0]


@pytest.mark.parametrize("content", [b'{"kimg": 1.0, "loss', b"null\n", b'{"kimg": "many"}\n'])
def test_statistics_that_are_damaged_are_named(store: FolderStore, run: str, content: bytes) -> None:
    snapshot = complete(store, run, 1)
    store.put(snapshot.key(trainings.STATS), content)
    with pytest.raises(Unreadable, match=snapshot.key(trainings.STATS)):
        trained(store, results(store, run))
    with pytest.raises(Unreadable, match=snapshot.key(trainings.STATS)):
        statistics(store, [snapshot])
