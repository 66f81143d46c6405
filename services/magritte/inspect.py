"""`magritte status` and `magritte trace`: what is known of runs and items, from the store alone."""

from collections.abc import Sequence
from heapq import nsmallest
from typing import Annotated, Any

import typer
from rich.table import Table

from services.magritte import screen
from services.magritte.connection import address, found_run
from services.magritte.item_search import ListedEntry
from services.magritte.pipeline import checked_settings
from services.magritte.report import print_status, report
from services.magritte.run_items import RunItems
from shared.contract.errors import NotFound

_MOST = 20
"""Most items that are traced, or listed, at once."""

RunName = Annotated[str, typer.Argument(metavar="[RUN]", help="A run or a recipe's name; default: the latest run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def status(run: RunName = "", as_json: AsJson = False) -> None:
    """Count a run's pictures by what became of them, and say where the results are."""
    here, name = found_run(run)
    found = report(here, name)
    if as_json:
        screen.say_json(found.as_json())
        for sentence in found.remarks:
            screen.remark(sentence)
    else:
        print_status(found)


def trace(
    what: Annotated[
        str,
        typer.Argument(
            help="A file's name, path or address, or a part of it; the address of a post's page, or its board and "
            "number, such as danbooru:123; the SHA-256 of an original, crop or picture of the "
            "data set, or at least 6 digits of its beginning; an entry or entry.face; or run, for the run itself."
        ),
    ],
    run: Annotated[str, typer.Option("--run", help="A run or a recipe's name; default: the latest run.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell everything that happened to one picture or crop. If several may be meant, list them (exit code 1)."""
    if not what.strip():
        raise typer.BadParameter("give a file's name, an address, a digest or an entry", param_hint="WHAT")
    here, name = found_run(run)
    items = RunItems(here, name, screen.remark)
    found = items.entries_meant(what)
    if len(found.exact) > _MOST or (not found.exact and len(found.partial) > 1):
        _list(items, found.best, as_json)
        raise NotFound(f"{len(found.best)} pictures of run {name} can be meant by {what}: give more of the name")
    story = [record for entry in sorted(found.best) for record in items.story(entry)]
    if not story:
        raise NotFound(f"run {name} in {address(here, checked_settings())} knows nothing of {what}")
    if as_json:
        screen.say_json(story)
    else:
        _print_story(story)


def _list(items: RunItems, entries: Sequence[str], as_json: bool) -> None:
    """Print which pictures can be meant; as JSON all of them."""
    wanted = set(entries)
    matches = (each for each in items.listed() if each.entry in wanted)
    if as_json:
        described = sorted((_described(items, each) for each in matches), key=lambda each: each["name"])
        screen.say_json({"matches": described})
        return
    table = Table("item", "name", "what became of it", box=None, header_style="dim")
    for each in nsmallest(_MOST, matches, key=lambda each: each.origin):
        fate = items.settlement(each.entry)
        table.add_row(each.entry, each.origin, " ".join(filter(None, (fate.fate.value, fate.stage, fate.reason))))
    screen.console().print(table)
    if len(wanted) > _MOST:
        screen.say(f"... and {len(wanted) - _MOST} more")


def _described(items: RunItems, listed: ListedEntry) -> dict[str, str]:
    fate = items.settlement(listed.entry)
    return {
        "item": listed.entry,
        "name": listed.origin,
        "fate": fate.fate.value,
        "stage": fate.stage,
        "reason": fate.reason,
    }


def _print_story(story: list[dict[str, Any]]) -> None:
    table = Table("time", "item", "stage", "what", "", box=None, header_style="dim")
    for record in story:
        hidden = {"at", "item", "stage", "type", "run", "entry", "face", "attempt", "seconds", "action", "reused"}
        details = "  ".join(
            f"{name}={str(value)[:48]}"
            for name, value in record.items()
            if name not in hidden and (value or name != "revision")
        )
        table.add_row(record["at"][:23], record["item"], record["stage"], record["type"], details)
    screen.console().print(table)
