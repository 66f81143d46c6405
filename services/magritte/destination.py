"""Checks folders that commands write pictures into: they must not be sources of the run."""

from pathlib import Path

import typer

from shared.recipe.own_folders import holds
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import run_recipe
from shared.store.interface import Store


def check_destination(store: Store, run: str, folder: Path, option: str) -> None:
    """Raise BadParameter if what is written into the folder would be a picture of the run's sources the next time."""
    check_outside(run_recipe(store, run), f"of run {run}", folder, option)


def check_outside(recipe: Recipe, whose: str, folder: Path, option: str) -> None:
    """Raise BadParameter if the folder lies in a source of the recipe; `whose` says of what that is a source."""
    for source in recipe.sources:
        if isinstance(source, FolderSource) and holds(source.folder, folder):
            raise typer.BadParameter(
                f"{folder} lies in {source.folder}, a source {whose}, and would be taken for pictures of it: "
                "name another folder",
                param_hint=option,
            )
