"""`magritte dead`: what could not be processed, and another chance for it."""

import json
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.table import Table

from services.magritte import screen
from services.magritte.connection import broker, found_run, has_broker, store
from services.magritte.inspect import AsJson
from services.magritte.operate import DryRun
from shared.bus import Bus
from shared.contract.errors import NotFound
from shared.runs import dead_letters
from shared.runs.dead_letters import MOST_REPLAYS, Letter, LetterState
from shared.store.interface import Store

app = typer.Typer(help="Look at dead letters, replay or discard them.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(metavar="[LETTER]", help="A letter's name or the beginning of it; default: all.")]
OfRun = Annotated[str, typer.Option("--run", help="Only of this run, or of this recipe's latest.")]
OfStage = Annotated[str, typer.Option("--stage", help="Only of this stage.")]
OfReason = Annotated[str, typer.Option("--reason", help="Only those whose error or reason contains this.")]


@dataclass(frozen=True)
class _Choice:
    """The letters that a command is about; an empty field matches all."""

    letter: str = ""
    run: str = ""
    stage: str = ""
    reason: str = ""

    def takes(self, letter: Letter) -> bool:
        return (
            letter.name.startswith(self.letter)
            and self.stage in ("", letter.queue.partition(".")[0])
            and self.reason.lower() in f"{letter.error}: {letter.reason}".lower()
        )


def _chosen(here: Store, choice: _Choice) -> list[Letter]:
    run = found_run(choice.run)[1] if choice.run else ""
    found = [letter for letter in dead_letters.letters(here, run, screen.skipped) if choice.takes(letter)]
    if choice.letter and not found:
        raise NotFound(f"no dead letter begins with {choice.letter}")
    return found


@app.command("list")
def list_letters(
    run: OfRun = "",
    stage: OfStage = "",
    reason: OfReason = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that were replayed or discarded.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is dead."""
    found = _chosen(store(), _Choice(run=run, stage=stage, reason=reason))
    shown = [letter for letter in found if every or letter.state is LetterState.DEAD]
    if as_json:
        screen.say_json([letter.model_dump(mode="json") | {"name": letter.name} for letter in shown])
        return
    screen.console().print(_table(shown, every) if shown else "nothing is dead")


def _table(shown: list[Letter], every: bool) -> Table:
    table = Table(box=None, header_style="dim")
    table.add_column("letter", no_wrap=True)  # to be copied
    for title in ("run", "queue", "tries", *(("state", "replays") if every else ()), "why"):
        table.add_column(title, overflow="fold")
    for letter in shown:
        history = (letter.state.value, str(len(letter.replays))) if every else ()
        why = f"{letter.error}: {letter.reason[:100]}"
        table.add_row(letter.name, letter.run, letter.queue, str(letter.attempt), *history, why)
    return table


@app.command()
def show(which: Annotated[str, typer.Argument(metavar="LETTER", help="A letter's name, or its beginning.")]) -> None:
    """Print all that is known of a letter, as JSON."""
    for letter in _chosen(store(), _Choice(letter=which)):
        screen.say_json(letter.model_dump(mode="json") | {"name": letter.name, "message": _readable(letter.body)})


@app.command()
def replay(
    which: Which = "",
    run: OfRun = "",
    stage: OfStage = "",
    reason: OfReason = "",
    force: Annotated[bool, typer.Option("--force", help="Also what was replayed or discarded before.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Give dead letters another chance, at most three times each; every replay is written down.

    A replayed item that succeeds makes a new version of the data set.
    """
    here = store()
    found = _chosen(here, _Choice(which, run, stage, reason))
    due = [letter for letter in found if force or letter.may_be_replayed]
    worn_out = [letter for letter in found if letter.state is LetterState.DEAD and not letter.may_be_replayed]
    if due and not dry_run:
        with broker() as bus:
            for letter in due:
                dead_letters.keep_letter(
                    here, letter.replayed()
                )  # first: if it dies again, that is what must stay on record
                bus.send(letter.queue, letter.body.encode())
            _clear_away(bus, due)
    screen.say(f"{'would replay' if dry_run else 'replayed'} {len(due)} of {len(found)}")
    if worn_out and not force:
        screen.say(f"{len(worn_out)} have been replayed {MOST_REPLAYS} times already: --force replays them again")


@app.command()
def discard(
    which: Which = "", run: OfRun = "", stage: OfStage = "", reason: OfReason = "", dry_run: DryRun = False
) -> None:
    """Give dead letters up for good. The items stay out of the data set; the letters stay on record."""
    here = store()
    due = [letter for letter in _chosen(here, _Choice(which, run, stage, reason)) if letter.state is LetterState.DEAD]
    if not dry_run:
        for letter in due:
            dead_letters.keep_letter(here, letter.discarded())
        if due and has_broker():
            with broker() as bus:
                _clear_away(bus, due)
    screen.say(f"{'would discard' if dry_run else 'discarded'} {len(due)}")


def _clear_away(bus: Bus, due: list[Letter]) -> None:
    """Take the letters' copies out of the broker's own dead queues."""
    bodies = {(letter.queue, letter.body.encode()) for letter in due}
    for queue in {letter.queue for letter in due}:
        bus.remove_dead(queue, lambda dead: (dead.queue, dead.body) in bodies)


def _readable(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body
