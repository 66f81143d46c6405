"""`magritte verify`: is a data set whole?"""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel
from rich.table import Table

from services.magritte import screen
from services.magritte.connection import found_run
from services.magritte.inspect import AsJson
from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable, Unusable
from shared.ledger.records import decoded
from shared.runs.registry import read_state

if TYPE_CHECKING:
    from shared.stylegan2.verification import Verification


class _Manifest(BaseModel):
    """The part of a manifest that verifying a data set needs."""

    resolution: int
    members: list[dict[str, Any]]
    classes: tuple[str, ...] = ()


def verify(
    what: Annotated[
        str, typer.Argument(metavar="[FOLDER|RUN]", help="A data set's folder, a run, or the latest run.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check every record of every level of a data set and name all that is wrong at once (exit code 1)."""
    with ExitStack() as stack:
        folder = Path(what) if what and Path(what).is_dir() else _folder_of_run(what, stack)
        found, derived = _verified(folder)
    if as_json:
        screen.say_json(_as_json(found) | {"derived": derived})
    else:
        _show(found, derived, folder)
    if found.findings:
        raise typer.Exit(1)


def _verified(folder: Path) -> "tuple[Verification, int]":
    """Verify the folder; with a manifest, also that no level and no record of those it lists is lost.

    Return with that how many of its pictures the manifest calls altered copies of others.
    """
    try:  # not at the top: every other command does without numpy, and so can be installed without it
        from shared.runs.datasets import listed_labels
        from shared.stylegan2 import verification
    except ModuleNotFoundError as error:
        raise Unusable(f"{error.name} is not installed: install magritte[tfrecord-packer]") from error
    file = folder / keys.MANIFEST
    if not file.exists():
        return verification.verify_dataset(folder), 0
    try:
        listed = decoded(str(file), file.read_bytes(), _Manifest, "Fetch the data set again, or run again")
    except Unreadable as error:
        return _with_finding(verification.verify_dataset(folder), f"It cannot be read: {error}."), 0
    found = verification.verify_dataset(folder, listed.resolution, listed_labels(listed.model_dump()))
    if found.records != len(listed.members):
        lost = f"It lists {len(listed.members)} pictures, the levels hold {found.records}."
        found = _with_finding(found, lost)
    return found, sum("derived" in member for member in listed.members)


def _with_finding(found: "Verification", sentence: str) -> "Verification":
    """Return the verification with what is wrong about the manifest before all else."""
    from shared.stylegan2 import verification

    finding = verification.Finding(keys.MANIFEST, None, verification.Problem.NOT_AS_LISTED, sentence)
    return replace(found, findings=(finding, *found.findings))


def _folder_of_run(name: str, stack: ExitStack) -> Path:
    store, run = found_run(name)
    dataset = read_state(store, run).dataset
    if dataset is None:
        raise NotFound(f"run {run} has no data set yet")
    return stack.enter_context(store.folder(keys.dataset(dataset.digest)))


def _as_json(found: "Verification") -> dict[str, Any]:
    findings = [
        {"file": f.file, "record": f.record, "problem": f.problem.value, "sentence": f.sentence} for f in found.findings
    ]
    return {
        "resolution": found.resolution,
        "records": found.records,
        "channels": found.channels,
        "classes": found.classes,
        "findings": findings,
    }


def _show(found: "Verification", derived: int, folder: Path) -> None:
    console = screen.console()
    labels = f", labels of {found.classes} classes" if found.classes else ""
    copies = f" ({derived} of them altered copies)" if derived else ""
    console.print(
        f"{folder}: {found.records} pictures{copies} of {found.resolution} px, {found.channels} channels{labels}",
        soft_wrap=True,
    )
    if not found.findings:
        console.print("every record of every level is right")
        return
    table = Table("file", "record", "problem", "", box=None, header_style="dim")
    for finding in found.findings:
        record = "" if finding.record is None else str(finding.record)
        table.add_row(finding.file, record, finding.problem.value, finding.sentence)
    console.print(table)
