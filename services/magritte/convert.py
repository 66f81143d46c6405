"""`magritte convert`: runs of an earlier version of Magritte."""

import typer

from services.magritte import screen
from services.magritte.connection import found_run
from services.magritte.inspect import RunName
from shared.contract import keys
from shared.runs import conversion


def convert(run: RunName = "") -> None:
    """Convert a run of before 2026-11-28, so that it can be looked at and go on (exit code 1 if it has no old records).

    Nothing is deleted. Stop whatever works on the run first.
    """
    here, name = found_run(run)
    if here.exists(keys.journal(name, 1)):
        screen.say(f"{name} has a journal: nothing to convert")
        return
    count = conversion.convert(here, name, screen.skipped)
    screen.say(f"{name}: {count} messages written into its journal")
    if not count:
        raise typer.Exit(1)
