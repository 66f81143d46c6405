from pathlib import Path

import pytest
import typer

from services.magritte.destination import check_destination
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore


@pytest.fixture
def run(store: FolderStore, tmp_path: Path) -> str:
    """A run of the pictures in a folder and at an address."""
    sources = [{"folder": tmp_path / "pictures"}, {"urls": ["https://pictures.example/a.png"]}]
    return open_run(store, Recipe.model_validate({"name": "anya", "sources": sources})).name


@pytest.mark.parametrize("folder", ["pictures", "pictures/results", "pictures/../pictures/a/b", "link"])
def test_a_folder_in_a_source_is_refused(store: FolderStore, run: str, tmp_path: Path, folder: str) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "pictures")
    with pytest.raises(typer.BadParameter, match=f"a source of run {run}") as raised:
        check_destination(store, run, tmp_path / folder, "--to")
    assert raised.value.param_hint == "--to"


@pytest.mark.parametrize("folder", ["results", "pictures-of-anya", "."])
def test_any_other_folder_will_do(store: FolderStore, run: str, tmp_path: Path, folder: str) -> None:
    (tmp_path / "pictures").mkdir()
    check_destination(store, run, tmp_path / folder, "--to")
