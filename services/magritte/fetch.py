"""`magritte fetch`: a run's results as files, in one folder with plain names."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from services.magritte import screen
from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from services.magritte.inspect import AsJson, RunName
from services.magritte.result_files import CURVES, result_files
from services.magritte.results_folder import Changes, opened
from services.magritte.weights import ExportFormat
from shared.contract.errors import NotFound
from shared.recipe.own_folders import RESULTS
from shared.runs.registry import read_state

To = Annotated[Path, typer.Option("--to", file_okay=False, help="Folder that gets one folder per run.")]
Also = Annotated[
    list[ExportFormat] | None,
    typer.Option("--also", help="Write the network for other programs too, as `magritte weights export` does."),
]
Replace = Annotated[bool, typer.Option("--replace", help="Write also over files that somebody else has changed.")]


def fetch(
    run: RunName = "", to: To = RESULTS, also: Also = None, replace: Replace = False, as_json: AsJson = False
) -> None:
    """Copy a run's results out of the store, into a folder that can be handed on.

    It has fakes.png, truncation.png, neighbours.png, network.npz, ranking.csv and the sheets, dataset/ (the newest
    version: TFRecords, labels, manifest), data-card.md, stats.jsonl, and tensorboard/ for
    `tensorboard --logdir results/RUN`.

    Called again, also while the run goes on, it writes what has changed and removes what is no result any more, also
    a network in another format once there is a newer one. A file that somebody else has put there or changed stays as
    it is, and is named (exit code 1). Levels of a data set may be links to those in the store: do not edit them in
    place.
    """
    here, name = found_run(run)
    check_destination(here, name, to / name, "--to")
    if read_state(here, name).dataset is None:
        raise NotFound(f"run {name} has no results yet")
    with opened(to / name) as folder:
        wanted = result_files(here, name, read_state(here, name), also or ())
        changes = folder.update(wanted, replace, CURVES, partial(screen.track, what="fetching"))
    files = sorted(file for file in wanted if (to / name / file).is_file())
    if as_json:
        about = {"run": name, "folder": str(to / name), "files": files}
        screen.say_json(about | {"written": changes.written, "removed": changes.removed, "foreign": changes.foreign})
    else:
        screen.say(f"{len(changes.written)} of {len(files)} files fetched into {to / name}")
        say_what_stays(to / name, changes)
    if changes.foreign:
        raise typer.Exit(1)


def say_what_stays(folder: Path, changes: Changes) -> None:
    """Name the files that were not written because somebody else has put them there."""
    for name in changes.foreign:
        screen.remark(f"{folder / name} was written or changed by somebody else and stays: move it away to have ours")
