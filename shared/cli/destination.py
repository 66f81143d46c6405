"""Folders that commands write pictures into: none of them is a source of the run."""

from pathlib import Path

import typer

from shared.own_folders import OwnFolder, check_apart
from shared.recipe import FolderSource
from shared.runs import run_recipe
from shared.store.interface import Store


def check_destination(store: Store, run: str, to: Path, option: str) -> None:
    """Raise BadParameter if what is written into `to` would be a picture of the run's sources the next time."""
    own = OwnFolder("the destination", to.absolute(), f"give {option} another folder")
    for source in run_recipe(store, run).sources:
        if isinstance(source, FolderSource):
            try:
                check_apart(source.folder, [own])
            except ValueError as error:
                raise typer.BadParameter(f"the source {error}", param_hint=option) from error
