"""Progress of a run: a live table on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Sequence
from typing import Any, Self

from rich.live import Live
from rich.table import Table

from services.magritte import screen
from services.magritte.training import quality_line, tick_line
from shared.contract.events import Emitted, Event, Level, Quality, Tick
from shared.runs.registry import Run
from shared.runtime.outcome import Outcome
from shared.runtime.single_process import StageProgress

_PLAIN_EVERY = 5.0
"""Seconds between two plain lines."""

_COLUMNS = (Outcome.DONE, Outcome.REUSED, Outcome.DROPPED, Outcome.RETRIED, Outcome.DEAD)


class ProgressDisplay:
    """Shows a run's progress on standard error while the context lasts."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._console = screen.console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=False) if _on_terminal() else None
        self._last_line = ""
        self._last_time = 0.0

    def __enter__(self) -> Self:
        verb = "going on with" if self._run.resumed else "beginning"
        if self._run.remark:
            self._console.print(f"warning: {self._run.remark}", style="bold yellow", soft_wrap=True)
        self._console.print(f"{verb} run {self._run.name}", style="bold")
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop updating; the last state stays on the screen."""
        if self._live:
            self._live.stop()

    def print_event(self, emitted: Emitted) -> None:
        """Print an event above the table, on a line of its own."""
        event = emitted.event
        warning, style = ("warning: ", "bold yellow") if event.level is Level.WARNING else ("", None)
        line = f"{emitted.stage:<16} {warning}{event.kind()}  {_described(event)}"
        self._console.print(line, style=style, soft_wrap=True)

    def show(self, stages: Sequence[StageProgress]) -> None:
        """Show how far the stages are."""
        if self._live:
            self._live.update(_table(stages), refresh=True)
        elif time.monotonic() - self._last_time >= _PLAIN_EVERY:
            self._print_line(stages)

    def _print_line(self, stages: Sequence[StageProgress]) -> None:
        self._last_time = time.monotonic()
        line = "  ".join(f"{stage.stage} {_summary(stage)}" for stage in stages if stage.outcomes or stage.waiting)
        if line != self._last_line:
            self._last_line = line
            self._console.print(line, soft_wrap=True)


def _on_terminal() -> bool:
    return sys.stderr.isatty()


def _table(stages: Sequence[StageProgress]) -> Table:
    table = Table("stage", *(column.value for column in _COLUMNS), "waiting", box=None, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    for stage in stages:
        counts = [str(stage.outcomes.get(column) or "") for column in _COLUMNS]
        table.add_row(stage.stage, *counts, str(stage.waiting or ""), style=None if stage.waiting else "dim")
    return table


def _summary(stage: StageProgress) -> str:
    done = sum(stage.outcomes.get(outcome, 0) for outcome in (Outcome.DONE, Outcome.REUSED, Outcome.DROPPED))
    dead = stage.outcomes.get(Outcome.DEAD, 0)
    return f"{done}" + (f"+{stage.waiting}" if stage.waiting else "") + (f" ({dead} dead)" if dead else "")


def _described(event: Event) -> str:
    match event:
        case Tick():
            return tick_line(event.fields())
        case Quality():
            return f"{_short(event.kimg)} kimg  {quality_line(event.fields())}"
    return "  ".join(f"{name} {_short(value)}" for name, value in event.fields().items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
