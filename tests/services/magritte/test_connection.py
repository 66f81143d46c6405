from pathlib import Path

import pytest

from services.magritte import connection
from services.magritte.pipeline import checked_settings
from shared.contract import keys
from shared.contract.errors import BusUnavailable, NotFound
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore


def test_the_store_is_that_of_the_environment(store: FolderStore, run: str) -> None:
    assert list(connection.store().list("recipes/")) == [keys.recipe(run)]


def test_a_run_is_found_by_its_name_by_its_recipe_s_and_without_any(store: FolderStore, recipe: Recipe) -> None:
    first = open_run(store, recipe).name
    second = open_run(store, recipe.model_copy(update={"pictures": recipe.pictures.model_copy(update={"smallest": 9})}))
    assert connection.found_run(first)[1] == first
    assert {connection.found_run(name)[1] for name in ("", "anya", second.name)} == {second.name}


def test_a_run_that_is_not_there_is_an_error_that_names_the_store(store: FolderStore) -> None:
    with pytest.raises(NotFound) as raised:
        connection.found_run("bea")
    assert str(raised.value) == f"no run bea in this store ({store.root})"


def test_a_store_in_a_folder_has_a_whole_path_for_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: FolderStore
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAGRITTE_STORE", "folder:elsewhere")
    assert connection.address(connection.store(), checked_settings()) == str(tmp_path / "elsewhere")


def test_folders_that_commands_write_into_count_once_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: FolderStore
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = tmp_path / "recipes" / "anya.yaml"
    assert [folder.path for folder in connection.own_folders(recipe)] == [store.root]
    for name in ("results", "sheets"):
        (tmp_path / name).mkdir()
    (tmp_path / "drawn").write_bytes(b"no folder")
    expected = [store.root, tmp_path / "results", tmp_path / "sheets"]
    assert [folder.path for folder in connection.own_folders(recipe)] == expected
    (recipe.parent / "results").mkdir(parents=True)
    assert [folder.path for folder in connection.own_folders(recipe)] == [*expected, recipe.parent / "results"]
    assert [folder.path for folder in connection.own_folders(tmp_path / "anya.yaml")] == expected


def test_a_bus_within_the_process_is_no_broker(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not connection.has_broker()
    monkeypatch.setenv("MAGRITTE_BUS", "amqp://guest:guest@localhost:1/")
    assert connection.has_broker()


def test_a_broker_that_does_not_answer_is_an_error_after_a_while(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGRITTE_BUS", "amqp://guest:guest@127.0.0.1:1/")
    monkeypatch.setattr(connection, "_PATIENCE", 0.2)
    with pytest.raises(BusUnavailable), connection.broker():
        pass


def test_the_broker_of_the_environment_has_the_queues_of_all_stages(broker: str) -> None:
    with connection.broker() as bus:
        depths = bus.depths()
    assert {"scraper", "trainer"} <= depths.keys()
    assert {depth.waiting for depth in depths.values()} == {0}
