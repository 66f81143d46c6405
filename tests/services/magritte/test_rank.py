import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from click.testing import Result

from shared.contract import keys
from shared.contract.errors import NotFound
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.runs import trainings
from shared.runs.registry import open_run, read_state
from shared.runs.results import results
from shared.store import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.inference import Discriminator
from tests.services.magritte.toy_networks import DATASET, PICTURES, give_dataset, give_snapshot, networks, noise
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]


def give_manifest(store: FolderStore) -> None:
    """Say of each picture of the data set which face it is."""
    names = [{"index": n, "name": f"=picture-{n}", "picture": f"{n}" * 64} for n in range(PICTURES)]
    members = [each | {"image": each["picture"], "entry": "e" * 20, "face": 0} for each in names]
    store.put(keys.dataset(DATASET, keys.MANIFEST), json.dumps({"members": members}).encode())


@pytest.fixture
def packed(store: FolderStore, run: str) -> str:
    """A run with a data set, not yet trained."""
    give_dataset(store, run)
    give_manifest(store)
    return run


@pytest.fixture
def trained(store: FolderStore, packed: str) -> str:
    """A run with two snapshots."""
    for leg in (1, 2):
        give_snapshot(store, packed, leg)
    return packed


def everything(store: FolderStore) -> set[str]:
    return {key for prefix in ("runs/", "trainings/", "datasets/") for key in store.list(prefix)}


def said(done: Result) -> str:
    assert done.exit_code == 0, done.exception
    return done.stdout


def ranking(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "ranking.csv").read_text(), newline="")))


def scores(folder: Path) -> dict[str, float]:
    return {row["picture"][0]: float(row["quality"]) for row in ranking(folder)}


def test_the_newest_snapshot_ranks_and_the_run_knows_of_it(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    shown = said(magritte("rank", trained, "--out", str(tmp_path / "out")))
    assert f"{PICTURES} pictures of run {trained}, ranked by snapshot 2" in shown
    table = ranking(tmp_path / "out")
    assert [int(row["rank"]) for row in table] == list(range(1, PICTURES + 1))
    assert shown.splitlines()[1].split()[:2] == [str(PICTURES), f"{float(table[-1]['quality']):.2f}"]
    files = {*trainings.RANKING_FILES, *trainings.FAKE_RANKING_FILES}
    assert {file.name for file in (tmp_path / "out").iterdir()} == files
    found = results(store, trained, read_state(store, trained))
    assert store.get(found.objects["ranking"]) == (tmp_path / "out" / "ranking.csv").read_bytes()
    assert store.get(found.objects["strangest"]) == (tmp_path / "out" / "strangest.png").read_bytes()
    rows = pyarrow.parquet.read_table(tmp_path / "out" / "ranking.parquet").to_pylist()
    assert [row["quality"] for row in rows] == [float(row["quality"]) for row in table]
    assert {row["name"][0] for row in rows} == {"="}
    assert {row["name"][:2] for row in table} == {"'="}


def test_any_snapshot_can_be_asked_and_several_together(magritte: Magritte, trained: str, tmp_path: Path) -> None:
    first, both = tmp_path / "first", tmp_path / "both"
    said(magritte("rank", "--snapshot", "1", "--out", str(first)))
    found = json.loads(said(magritte("rank", "--snapshots", "1", "--out", str(both), "--json")))
    assert (found["snapshots"], found["stability"]) == ([1, 2], None)
    assert {Path(file).parent for file in found["files"]} == {both}
    second = tmp_path / "second"
    said(magritte("rank", "--out", str(second)))
    found_by = {folder: scores(folder) for folder in (first, second, both)}
    by_one, by_other, by_both = (np.array([each[f"{n}"] for n in range(PICTURES)]) for each in found_by.values())
    above = [each - np.median(each) for each in (by_one, by_other)]
    joined = sum(each / np.median(np.abs(each)) for each in above) / 2
    assert np.allclose(by_both, joined)


def test_scores_are_those_of_the_snapshot_that_is_asked(magritte: Magritte, trained: str, tmp_path: Path) -> None:
    said(magritte("rank", "--snapshot", "1", "--out", str(tmp_path)))
    own = networks(seed=1)
    discriminator = Discriminator(own.architecture, own.D)
    expected = np.mean(
        [discriminator.scores(noise()[np.roll(np.arange(PICTURES), shift)[:4]])[0] for shift in range(PICTURES)]
    )
    assert np.mean(list(scores(tmp_path).values())) == pytest.approx(expected, abs=0.05)


def test_status_says_how_far_the_ranking_agrees_with_the_one_before(magritte: Magritte, trained: str) -> None:
    assert "no earlier snapshot is ranked in the same way" in said(magritte("rank", "--snapshot", "1"))
    shown = said(magritte("rank"))
    found = json.loads(said(magritte("status", "--json")))["ranking"]
    assert found["compared_with"] == 1
    assert f"rank correlation of quality with the snapshot before: {found['stability']:.2f}" in shown
    assert f"{found['stability']:.2f} (1 is the same order" in said(magritte("status"))


def test_before_any_training_it_is_what_is_strange(
    magritte: Magritte, store: FolderStore, packed: str, tmp_path: Path
) -> None:
    before = everything(store)
    shown = said(magritte("rank", "--out", str(tmp_path / "out")))
    assert "ranked by strangeness alone" in shown
    assert {row["quality"] for row in ranking(tmp_path / "out")} == {""}
    assert "uncertain.png" not in {file.name for file in (tmp_path / "out").iterdir()}
    assert "nothing is kept" in said(magritte("rank"))
    assert everything(store) == before


def test_before_any_training_the_network_that_it_starts_from_scores(
    magritte: Magritte, store: FolderStore, recipe: Recipe, tmp_path: Path
) -> None:
    path = tmp_path / "base.npz"
    path.write_bytes(network_file.dump(networks(seed=5)))
    training = recipe.training.model_copy(update={"start_from": path})
    run = open_run(store, deposited(recipe.model_copy(update={"training": training}), store)).name
    path.unlink()
    give_dataset(store, run)
    give_manifest(store)
    assert "ranked by the base network" in said(magritte("rank", run, "--out", str(tmp_path / "before")))
    assert len(set(scores(tmp_path / "before").values())) == PICTURES
    give_snapshot(store, run, 1)
    assert "ranked by snapshot 1, the base network" in said(magritte("rank", run, "--base"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--snapshot", "7"), "has no snapshot 7: its newest is 2"),
        (("--snapshots", "1,9"), "has no snapshot 9: its newest is 2"),
    ],
)
def test_a_snapshot_that_is_not_there_is_named(
    magritte: Magritte, trained: str, words: tuple[str, ...], message: str
) -> None:
    done = magritte("rank", trained, *words)
    assert isinstance(done.exception, NotFound)
    assert message in str(done.exception)


@pytest.mark.parametrize(
    ("words", "message"), [(("--base",), "starts from no network"), (("--snapshots", "1-2"), "no list of numbers")]
)
def test_what_cannot_be_meant_is_wrong_usage(
    magritte: Magritte, trained: str, words: tuple[str, ...], message: str
) -> None:
    done = magritte("rank", trained, *words)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.replace("│", " ").split())


def test_a_run_without_a_data_set_is_pointed_to_its_suspects(magritte: Magritte, run: str) -> None:
    done = magritte("rank", run)
    assert isinstance(done.exception, NotFound)
    assert "`magritte suspects`" in str(done.exception)


def test_a_snapshot_before_the_first_one_is_named(magritte: Magritte, packed: str) -> None:
    assert "no snapshot yet" in str(magritte("rank", packed, "--snapshot", "1").exception)


def test_without_its_libraries_it_says_what_to_install(tmp_path: Path) -> None:
    done = without_libraries(tmp_path, "rank")
    assert done.returncode != 0
    assert "install magritte[ranker]" in done.stderr
