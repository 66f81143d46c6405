"""`magritte fetch`: a run's results as files."""

import shutil
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import track

from shared import keys
from shared.cli.connection import store
from shared.cli.inspect import RunName
from shared.errors import NotFound, storage_error
from shared.results import DATA_SET, results
from shared.runs import latest_run
from shared.store.interface import Store


def fetch(
    run: RunName = "",
    to: Annotated[Path, typer.Option("--to", help="Folder that gets one folder per run.")] = Path("results"),
) -> None:
    """Copy a run's data set, network, grids and ranking out of the store.

    Files that are there already are not copied again, so that it can be stopped and called again, also while the run
    goes on.
    """
    here = store()
    name = latest_run(here, run)
    wanted = _wanted(here, name, to / name)
    if not wanted:
        raise NotFound(f"run {name} has no results yet")
    missing = {target: key for target, key in wanted.items() if not target.exists()}
    for target, key in track(missing.items(), "fetching", console=Console(stderr=True), transient=True):
        _copy(here, key, target)
    typer.echo(f"{len(missing)} of {len(wanted)} files fetched into {to / name}")


def _wanted(here: Store, run: str, folder: Path) -> dict[Path, str]:
    """The key of every file to write. Data sets and snapshots of other versions keep their own names beside it."""
    wanted: dict[Path, str] = {}
    for name, key in results(here, run).items():
        if name == DATA_SET:
            prefix = key.removesuffix(keys.MANIFEST)
            wanted |= {folder / each: each for each in here.list(prefix)}
        else:
            wanted[folder / name / Path(key).name] = key
    return wanted


def _copy(here: Store, key: str, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{uuid4().hex[:12]}")
        with here.file(key) as path:
            shutil.copyfile(path, temporary)
        temporary.replace(target)
    except OSError as error:
        raise storage_error(error, target.parent) from error
