"""Checks folders that commands write pictures into: they must not be sources of the run."""

from pathlib import Path

import typer

from shared.recipe.own_folders import holds
from shared.recipe.sources import FolderSource
from shared.runs.registry import run_recipe
from shared.store.interface import Store


def check_destination(store: Store, run: str, folder: Path, option: str) -> None:
    """Raise BadParameter if what is written into the folder would be a picture of the run's sources the next time."""
    for source in run_recipe(store, run).sources:
        if isinstance(source, FolderSource) and holds(source.folder, folder):
            raise typer.BadParameter(
                f"{folder} lies in {source.folder}, a source of run {run}, and would be taken for pictures of it: "
                "name another folder",
                param_hint=option,
            )
