"""`magritte verify`: is a data set whole?"""

import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared import keys
from shared.cli.inspect import AsJson
from shared.errors import NotFound, Unusable
from shared.runs import latest_dataset, latest_run
from shared.settings import settings
from shared.store import open_store
from shared.store.interface import Store

if TYPE_CHECKING:
    from shared.stylegan2.verification import Verification


def verify(
    what: Annotated[
        str, typer.Argument(metavar="[FOLDER|RUN]", help="A data set's folder, a run, or the latest run.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check every record of every level of a data set and name all that is wrong at once (exit code 1)."""
    with ExitStack() as stack:
        folder = Path(what) if what and Path(what).is_dir() else _folder_of_run(what, stack)
        found = _verified(folder)
    if as_json:
        typer.echo(_as_json(found))
    else:
        _show(found, folder)
    if found.findings:
        raise typer.Exit(1)


def _verified(folder: Path) -> "Verification":
    """The folder's verification; with a manifest, also that no level and no record of those it lists is lost."""
    try:  # not at the top: every other command does without numpy, and so can be installed without it
        from shared.datasets import listed_labels
        from shared.stylegan2 import verification
    except ModuleNotFoundError as error:
        raise Unusable(f"{error.name} is not installed: install magritte[tfrecord-packer]") from error
    file = folder / keys.MANIFEST
    if not file.exists():
        return verification.verify(folder)
    listed = json.loads(file.read_bytes())
    found = verification.verify(folder, listed["resolution"], listed_labels(listed))
    if found.records == len(listed["members"]):
        return found
    sentence = f"It lists {len(listed['members'])} pictures, the levels hold {found.records}."
    finding = verification.Finding(keys.MANIFEST, None, verification.Problem.NOT_AS_LISTED, sentence)
    return replace(found, findings=(finding, *found.findings))


def _folder_of_run(name: str, stack: ExitStack) -> Path:
    store = open_store(settings())
    run = latest_run(store, name)
    dataset = latest_dataset(store, run)
    if dataset is None:
        raise NotFound(f"run {run} has no data set yet")
    return _local_folder(store, dataset[1], stack)


def _local_folder(store: Store, digest: str, stack: ExitStack) -> Path:
    manifest = stack.enter_context(store.file(keys.dataset(digest, keys.MANIFEST)))
    return manifest.parent


def _as_json(found: "Verification") -> str:
    findings = [
        {"file": f.file, "record": f.record, "problem": f.problem.value, "sentence": f.sentence} for f in found.findings
    ]
    body = {
        "resolution": found.resolution,
        "records": found.records,
        "channels": found.channels,
        "classes": found.classes,
        "findings": findings,
    }
    return json.dumps(body, indent=2)


def _show(found: "Verification", folder: Path) -> None:
    console = Console(highlight=False)
    labels = f", labels of {found.classes} classes" if found.classes else ""
    console.print(
        f"{folder}: {found.records} pictures of {found.resolution} px, {found.channels} channels{labels}",
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
