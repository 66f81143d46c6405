"""`magritte versions`: the versions of a run's data set and its trainings."""

from rich.table import Table

from services.magritte import run_versions, screen
from services.magritte.connection import found_run
from services.magritte.inspect import AsJson, RunName
from services.magritte.run_items import RunItems
from services.magritte.run_versions import Trained, Version
from shared.contract.errors import NotFound
from shared.ledger.verdicts import given
from shared.runs.registry import run_recipe

_SHOWN = 10
"""Faces that left a version, of which each is listed."""


def versions(run: RunName = "", as_json: AsJson = False) -> None:
    """List the versions of a run's data set, what left each and why, and the trainings on them.

    A training is named NUMBER:LEG by its newest snapshot, as `magritte train --from` takes it.
    """
    here, name = found_run(run)
    items = RunItems(here, name, screen.remark)
    found = run_versions.versions(here, name, items, dict(given(here, run_recipe(here, name).name)))
    trained = list(run_versions.trainings_of(here, name, items))
    if as_json:
        screen.say_json({"run": name, **run_versions.as_json(found, trained)})
        return
    if not found:
        raise NotFound(f"run {name} has no data set yet")
    screen.console().print(_versions(found))
    for each in found:
        _show_left(each)
    if trained:
        screen.console().print(_trainings(trained))


def _versions(found: list[Version]) -> Table:
    table = Table("version", "after", "faces", "joined", "left", "data set", box=None, header_style="dim")
    for each in found:
        faces = "gone" if each.faces is None else str(each.faces)
        parent = str(each.parent or "")
        table.add_row(str(each.number), parent, faces, str(each.joined), str(len(each.left)), each.digest[:20])
    return table


def _show_left(version: Version) -> None:
    for each in version.left[:_SHOWN]:
        screen.say(f"left version {version.number}: {each.face}  {each.name}  {each.why}")
    if len(version.left) > _SHOWN:
        screen.say(f"left version {version.number}: {len(version.left) - _SHOWN} more (--json lists all)")


def _trainings(found: list[Trained]) -> Table:
    table = Table("training", "version", "begins with", "newest", "kimg", "", box=None, header_style="dim")
    for each in found:
        newest = f"{each.number}:{each.leg}" if each.leg else "none yet"
        state = "done" if each.is_done else ""
        table.add_row(str(each.number), str(each.version), each.begins, newest, f"{each.kimg:g}", state)
    return table
