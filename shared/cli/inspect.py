"""`magritte status` and `magritte trace`: what is known of runs and items, from the store alone."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared import keys
from shared.cli.connection import store
from shared.cli.report import report, show
from shared.errors import NotFound
from shared.runs import latest_run, run_recipe
from shared.store.interface import Store

RunName = Annotated[str, typer.Argument(metavar="[RUN]", help="A run or a recipe's name; default: the latest run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def status(run: RunName = "", as_json: AsJson = False) -> None:
    """Count a run's pictures by what became of them, and say where the results are."""
    here = store()
    found = report(here, latest_run(here, run))
    if as_json:
        typer.echo(found.as_json())
    else:
        show(found)


def trace(
    what: Annotated[
        str, typer.Argument(help="A file's name or address, an original's SHA-256, an entry or entry.face.")
    ],
    run: Annotated[str, typer.Option("--run", help="A run or a recipe's name; default: the latest run.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell everything that happened to one picture or crop."""
    here = store()
    name = latest_run(here, run)
    story = [record for item in _items(here, name, what) for record in _records(here, name, item)]
    if not story:
        raise NotFound(f"run {name} knows nothing of {what}")
    story.sort(key=lambda record: (record["entry"], record["at"]))
    if as_json:
        typer.echo(json.dumps(story, indent=2))
    else:
        _tell(story)


def _items(store: Store, run: str, what: str) -> list[str]:
    """Items of the run that `what` may mean: itself, or whatever has it as image, crop, picture, file or address."""
    entry = what.partition(".")[0]
    if next(iter(store.list(keys.trail(run, entry))), None) is not None:
        prefix = keys.trail(run)
        return sorted({key.removeprefix(prefix).split("/")[0] for key in store.list(prefix) if f"/{entry}" in key})
    entries = {
        record["entry"]
        for key in store.list(keys.trail(run))
        if what in (text := store.get(key).decode()) and (record := json.loads(text)).get("entry")
    } | _entries_by_origin(store, run, what)
    return [item for entry in sorted(entries) for item in _items(store, run, entry)]


def _entries_by_origin(store: Store, run: str, what: str) -> set[str]:
    """Entries by their file's name or address: of originals, and of what was listed and never fetched."""
    found = set()
    for key in store.list("provenance/"):
        record = json.loads(store.get(key))
        if what == record.get("name") or _is_at(record, what):
            found.add(key.rsplit("/", 1)[1].removesuffix(".json"))
    for source in range(len(run_recipe(store, run).sources)):
        key = keys.listing(run, source)
        listed = json.loads(store.get(key))["entries"] if store.exists(key) else {}
        found |= {entry for entry, record in listed.items() if _is_at(record, what)}
    return found


def _is_at(record: dict[str, Any], what: str) -> bool:
    origin = str(record.get("origin", ""))
    return origin == what or origin.endswith("/" + what)


def _records(store: Store, run: str, item: str) -> list[dict[str, Any]]:
    return [json.loads(store.get(key)) | {"item": item} for key in store.list(keys.trail(run, item))]


def _tell(story: list[dict[str, Any]]) -> None:
    table = Table("time", "item", "stage", "what", "", box=None, header_style="dim")
    for record in story:
        hidden = {"at", "item", "stage", "type", "run", "entry", "face", "attempt", "seconds", "action", "reused"}
        details = "  ".join(f"{name}={str(value)[:48]}" for name, value in record.items() if name not in hidden)
        table.add_row(record["at"][:23], record["item"], record["stage"], record["type"], details)
    Console(highlight=False).print(table)
