import json
from pathlib import Path

import pytest

from shared import keys
from shared.errors import NotFound
from shared.fates import Reason
from shared.messages import ImageDropped, ImageFetched, SourceExhausted
from shared.recipe import Recipe
from shared.runs import finish, is_finished, latest_dataset, latest_run, open_run, run_names, run_recipe, tally_of
from shared.runtime.records import leave_trail
from shared.store import FolderStore, Store
from shared.tally import Fate, Settlement


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return FolderStore(tmp_path)


def changed(recipe: Recipe, **parts: object) -> Recipe:
    return Recipe.model_validate(recipe.model_dump() | parts)


def test_the_first_run_of_a_recipe_is_number_one(store: Store, recipe: Recipe) -> None:
    run = open_run(store, recipe)
    assert (run.name, run.resumed) == ("anya-001", False)
    assert run_recipe(store, "anya-001") == recipe
    assert not is_finished(store, "anya-001")


def test_an_unfinished_run_of_the_same_recipe_goes_on(store: Store, recipe: Recipe) -> None:
    open_run(store, recipe)
    run = open_run(store, recipe)
    assert (run.name, run.resumed) == ("anya-001", True)


def test_after_a_finished_run_comes_a_new_one(store: Store, recipe: Recipe) -> None:
    finish(store, open_run(store, recipe).name)
    assert is_finished(store, "anya-001")
    run = open_run(store, recipe)
    assert (run.name, run.resumed) == ("anya-002", False)


def test_a_changed_recipe_is_a_new_run_though_the_last_is_unfinished(store: Store, recipe: Recipe) -> None:
    open_run(store, recipe)
    run = open_run(store, changed(recipe, normalized={"size": 64}))
    assert (run.name, run.resumed) == ("anya-002", False)
    assert run_recipe(store, "anya-001") == recipe


def test_only_the_latest_run_goes_on(store: Store, recipe: Recipe) -> None:
    open_run(store, recipe)
    open_run(store, changed(recipe, ranking={"sheet": 9}))
    assert open_run(store, recipe).name == "anya-003"


def test_runs_are_numbered_per_recipe_name(store: Store, recipe: Recipe) -> None:
    for name in ("anya", "anya-forger", "any"):
        assert open_run(store, changed(recipe, name=name)).name == f"{name}-001"
    finish(store, "anya-001")
    assert open_run(store, recipe).name == "anya-002"
    assert sorted(run_names(store)) == ["any-001", "anya-001", "anya-002", "anya-forger-001"]


def test_run_1000_comes_after_run_999(store: Store, recipe: Recipe) -> None:
    for number in (999, 1000):
        store.put(keys.recipe(f"anya-{number}"), recipe.model_dump_json().encode())
    assert open_run(store, changed(recipe, ranking={"sheet": 9})).name == "anya-1001"
    assert latest_run(store) == "anya-1001"


def test_the_latest_run_is_found_by_its_recipe_s_name_or_without_one(store: Store, recipe: Recipe) -> None:
    with pytest.raises(NotFound, match="no run at all"):
        latest_run(store)
    for _ in range(2):
        finish(store, open_run(store, recipe).name)
    assert latest_run(store) == latest_run(store, "anya") == "anya-002"
    assert latest_run(store, "anya-001") == "anya-001"
    with pytest.raises(NotFound, match="no run bea"):
        latest_run(store, "bea")


def test_with_runs_of_several_recipes_a_name_is_asked_for(store: Store, recipe: Recipe) -> None:
    for name in ("anya", "bea"):
        open_run(store, changed(recipe, name=name))
    with pytest.raises(NotFound, match="anya, bea"):
        latest_run(store)
    assert latest_run(store, "bea") == "bea-001"


def test_the_tally_is_read_from_the_keys_of_the_trail(store: Store) -> None:
    entries = [f"{number:020x}" for number in range(3)]
    for entry in entries:
        leave_trail(store, "scraper", ImageFetched(run="anya-001", entry=entry, image="0" * 64, source=0), {})
    dropped = ImageDropped(run="anya-001", entry=entries[0], stage="deduper", reason=Reason.CORRUPT)
    leave_trail(store, "deduper", dropped, {})
    leave_trail(store, "scraper", SourceExhausted(run="anya-001", source=0, count=3), {})
    counts = tally_of(store, "anya-001").counts()
    assert counts == {Settlement(Fate.UNDECIDED): 2, Settlement(Fate.DROPPED, "deduper", "corrupt"): 1}


def test_the_first_telling_of_a_fact_stays(store: Store) -> None:
    fetched = ImageFetched(run="anya-001", entry="0" * 20, image="0" * 64, source=0)
    for attempt in (1, 2):
        leave_trail(store, "scraper", fetched, {"attempt": attempt})
    (key,) = store.list(keys.trail("anya-001"))
    record = json.loads(store.get(key))
    assert record == fetched.finding() | {"stage": "scraper", "attempt": 1}


def test_the_newest_data_set_has_the_highest_version(store: Store) -> None:
    assert latest_dataset(store, "anya-001") is None
    for version in range(1, 12):
        store.put(keys.dataset_version("anya-001", version), json.dumps({"digest": f"{version:064x}"}).encode())
    assert latest_dataset(store, "anya-001") == (11, f"{11:064x}")
