from pathlib import Path

import pytest
import typer

from services.magritte.kept_results import KeptResults, results_folder
from shared.ledger.state import write_state
from shared.recipe.recipe import Recipe
from shared.runs.registry import read_state
from shared.store import FolderStore
from tests.shared import legs


def recipe_of(folder: Path) -> Recipe:
    return Recipe.model_validate({"name": "anya", "sources": [{"folder": folder}]})


def test_the_folder_is_beside_the_recipe_unless_another_is_given(tmp_path: Path) -> None:
    recipe, path = recipe_of(tmp_path / "pictures"), tmp_path / "anya.yaml"
    assert results_folder(recipe, path, None, wanted=True) == tmp_path / "results"
    assert results_folder(recipe, path, tmp_path / "elsewhere", wanted=True) == tmp_path / "elsewhere"
    assert results_folder(recipe, path, None, wanted=False) is None


def test_a_folder_in_a_source_is_refused_and_never_taken_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, path = recipe_of(tmp_path), tmp_path / "anya.yaml"
    with pytest.raises(typer.BadParameter, match="a source of"):
        results_folder(recipe, path, tmp_path / "results", wanted=True)
    assert capsys.readouterr().err == ""
    assert results_folder(recipe, path, None, wanted=True) is None
    assert "no folder of results is kept" in capsys.readouterr().err


def test_a_folder_that_is_named_and_not_wanted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="is not for a run without"):
        results_folder(recipe_of(tmp_path / "a"), tmp_path / "anya.yaml", tmp_path / "b", wanted=False)


def tell(store: FolderStore, run: str, leg: int) -> None:
    """Complete a leg, and write the run's state as the owner of its ledger does."""
    legs.complete(store, run, leg)
    write_state(store, run, read_state(store, run))


def test_each_snapshot_is_in_the_folder_soon_and_at_the_end_all(
    store: FolderStore, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = KeptResults(store, run, tmp_path / "results", pause=0.0)
    kept.look()
    kept.finish()
    assert not (tmp_path / "results").exists()
    legs.pack(store, run)
    fakes = tmp_path / "results" / run / "fakes.png"
    for leg in (1, 2):
        tell(store, run, leg)
        while not fakes.exists() or fakes.read_bytes() != f"fakes.png of leg {leg}".encode():
            kept.look()
    legs.complete(store, run, 3)
    kept.finish()
    assert fakes.read_bytes() == b"fakes.png of leg 3"
    assert str(tmp_path / "results" / run) in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_costs_a_sentence_and_not_the_run(
    store: FolderStore, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results").write_text("a file in the way")
    legs.pack(store, run)
    KeptResults(store, run, tmp_path / "results").finish()
    assert "are not up to date" in capsys.readouterr().err
    KeptResults(store, run, None).finish()
    assert capsys.readouterr().out == ""
