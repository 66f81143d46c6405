"""`magritte watch`: how far a run is, again and again."""

import time
from collections import Counter
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table

from services.magritte import screen
from services.magritte.connection import broker, found_run, has_broker
from services.magritte.inspect import RunName
from services.magritte.pipeline import PIPELINE
from services.magritte.report import Report, fates_table, print_status, report
from services.magritte.training import last_tick_line, trained_line
from shared.bus import Bus, Depth
from shared.contract.errors import BusUnavailable
from shared.ledger.progress import Phase

_SHARE = 10
"""A look at a large run is a long listing: it may take a tenth of the time."""


def watch(
    run: RunName = "",
    every: Annotated[float, typer.Option("--every", min=0.5, help="Seconds between two looks.")] = 2.0,
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds without news after which it says how to go on.")
    ] = 300.0,
) -> None:
    """Show how far a run is until it is over (exit code 0 when it has finished, 1 when it failed or was cancelled).

    Counts come from the store; messages that wait, from the broker if there is one.
    """
    here, name = found_run(run)
    console, silence = screen.console(), _Silence(patience)
    with ExitStack() as stack:
        bus = stack.enter_context(broker()) if has_broker() else None
        live = stack.enter_context(Live(console=console, auto_refresh=False, transient=True))
        while True:
            began = time.monotonic()
            found = report(here, name)
            if console.is_terminal:
                live.update(_picture(found, _depths(bus)), refresh=True)
            else:
                screen.say(_line(found))
            if not found.phase.is_over and silence.has_lasted(found):
                screen.remark(f"nothing has happened to {name} for {patience:g} seconds. {_advice(found)}")
            if found.phase.is_over:
                break
            time.sleep(max(every, _SHARE * (time.monotonic() - began)))
    print_status(found)
    if found.phase is not Phase.FINISHED:
        raise typer.Exit(1)


class _Silence:
    """The time for which nothing has happened to a run."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._last: Report | None = None
        self._since = 0.0
        self._is_told = False

    def has_lasted(self, found: Report) -> bool:
        """Return whether reports have been the same for longer than patience lasts; true once, until there is news."""
        if found != self._last:
            self._last, self._since, self._is_told = found, time.monotonic(), False
        if self._is_told or time.monotonic() - self._since < self._patience:
            return False
        self._is_told = True
        return True


def _advice(found: Report) -> str:
    """Return what a person can do about a run that does not go on."""
    if found.phase is Phase.REVIEWING:
        return f"It waits for a review: `magritte review close {found.run}` says that it is done"
    if found.paused:
        return f"Paused are {', '.join(sorted(found.paused))}: `magritte continue STAGE` lets one go on"
    if has_broker():
        return f"If its stages are at work, `magritte resume {found.run}` publishes again what is not settled"
    return "If no process is at work on it, `magritte run RECIPE` goes on with it"


def _line(found: Report) -> str:
    fates = Counter[str]()
    for settlement, count in found.fates.items():
        fates[settlement.fate] += count
    counts = ", ".join(f"{count} {fate}" for fate, count in fates.items()) or "nothing yet"
    return "; ".join((f"{found.run} {found.phase}: {counts}", *_course(found)))


def _course(found: Report) -> list[str]:
    """Return a line about the newest snapshot and one about the last tick since, if there are such."""
    trained = [f"training: {trained_line(found.training)}"] if found.training else []
    tick = last_tick_line(found.events, found.training)
    return [*trained, *([f"last tick: {tick}"] if tick else [])]


def _depths(bus: Bus | None) -> dict[str, Depth]:
    """Return what waits at the broker; nothing while the broker is away, when the store still answers."""
    if bus is None:
        return {}
    try:
        return bus.depths()
    except BusUnavailable:
        return {}


def _picture(found: Report, depths: dict[str, Depth]) -> RenderableType:
    table = Table("stage", "messages", "waiting", "dead", box=None, header_style="dim")
    for name, stages in PIPELINE.containers.items():
        messages = sum(count for (stage, _), count in found.stages.items() if stage == name)
        own = [depths.get(stage.queue, Depth()) for stage in stages]
        waiting, dead = sum(depth.waiting for depth in own), sum(depth.dead for depth in own)
        table.add_row(name, *(str(number or "") for number in (messages, waiting, dead)))
    heading = f"run {found.run}, {found.phase}: {found.pictures} pictures"
    return Group(heading, table, fates_table(found), *_course(found))
