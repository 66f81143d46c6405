"""The command line, called as a person does, on a store of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.magritte.main import app
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore

Magritte = Callable[..., Result]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.setenv("MAGRITTE_STORE", f"folder:{tmp_path / 'data'}")
    monkeypatch.setenv("MAGRITTE_BUS", "memory:")
    return FolderStore(tmp_path / "data")


@pytest.fixture
def run(store: FolderStore, recipe: Recipe) -> str:
    """An unfinished run."""
    return open_run(store, recipe).name


@pytest.fixture
def magritte(store: FolderStore) -> Magritte:
    """`magritte WORDS...`; its `exception` is what ends the command with a message."""
    return lambda *words: CliRunner().invoke(app, words)
