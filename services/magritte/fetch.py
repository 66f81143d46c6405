"""`magritte fetch`: a run's results as files."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from services.magritte import screen
from services.magritte.atomic_file import replacing
from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from services.magritte.inspect import RunName
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.recipe.own_folders import RESULTS
from shared.runs import trainings
from shared.runs.registry import read_state
from shared.runs.results import DATA_SET, Results, legs, results, statistics
from shared.runs.trainings import Snapshot
from shared.store.interface import Store


def fetch(
    run: RunName = "",
    to: Annotated[Path, typer.Option("--to", help="Folder that gets one folder per run.")] = RESULTS,
) -> None:
    """Copy a run's data set, network, grids, ranking and statistics out of the store.

    Files that are there already are not copied again, so that it can be stopped and called again, also while the run
    goes on. `tensorboard --logdir results/RUN` shows how the training goes.
    """
    here, name = found_run(run)
    check_destination(here, name, to / name, "--to")
    found = results(here, name, read_state(here, name))
    if not found.objects:
        raise NotFound(f"run {name} has no results yet")
    folder, snapshots = to / name, legs(here, found.snapshot) if found.snapshot else []
    wanted = _wanted(here, found, folder) | _events(snapshots, folder)
    missing = {target: key for target, key in wanted.items() if not target.exists()}
    for target, key in screen.track(missing.items(), "fetching"):
        _copy(here, key, target)
    written = [_write_statistics(here, snapshots, folder)] if snapshots else []
    screen.say(f"{len(missing) + sum(written)} of {len(wanted) + len(written)} files fetched into {folder}")


def _wanted(here: Store, found: Results, folder: Path) -> dict[Path, str]:
    """Find the key of every file to write. Data sets and snapshots of other versions keep their names beside it."""
    wanted: dict[Path, str] = {}
    for name, key in found.objects.items():
        if name == DATA_SET:
            prefix = key.removesuffix(keys.MANIFEST)
            wanted |= {folder / each: each for each in here.list(prefix)}
        else:
            wanted[folder / name / Path(key).name] = key
    return wanted


def _events(snapshots: list[Snapshot], folder: Path) -> dict[Path, str]:
    """Find the key of every leg's event file. TensorBoard takes a folder for a training, and reads files by name."""
    return {
        folder / "tensorboard" / each.training[:12] / f"events.out.tfevents.{each.leg:010d}.magritte": each.key(
            trainings.EVENTS
        )
        for each in snapshots
        if trainings.EVENTS in each.files
    }


def _write_statistics(here: Store, snapshots: list[Snapshot], folder: Path) -> bool:
    """Write the ticks of all legs to one file; False if it holds them already."""
    target = folder / "stats" / trainings.content_name(trainings.STATS, snapshots[-1].training)
    content = statistics(here, snapshots)
    if target.is_file() and target.read_bytes() == content:
        return False
    with replacing(target) as path:
        path.write_bytes(content)
    return True


def _copy(here: Store, key: str, target: Path) -> None:
    with replacing(target) as temporary, here.file(key) as path:
        shutil.copyfile(path, temporary)
