"""`magritte verdict`: what a person decides about the pictures of a character."""

import getpass
import os
from collections.abc import Iterator
from datetime import UTC
from typing import Annotated, Any

import typer
from rich.table import Table

from services.magritte import screen
from services.magritte.connection import broker, found_run, has_broker
from services.magritte.inspect import AsJson, RunName
from services.magritte.pipeline import PIPELINE, load
from services.magritte.run_items import RunItems
from shared.contract.errors import NotFound
from shared.contract.items import Face, parse_item
from shared.contract.messages import Decision, Message, ReviewClosed, Stamp, VerdictGiven, now
from shared.contract.owner import Owner, Received
from shared.contract.stage import Context
from shared.ledger.fates import PERSON
from shared.ledger.ledger import Ledger
from shared.ledger.records import run_names
from shared.ledger.verdicts import Verdict, check_whole, give, given
from shared.runs.registry import is_finished, run_recipe
from shared.store.interface import Store

app = typer.Typer(help="Drop pictures or faces, undo that, and close a review.", no_args_is_help=True)

What = Annotated[
    str,
    typer.Argument(metavar="WHAT", help="A picture as `magritte trace` finds it, or entry.face for one of its faces."),
]
OfRun = Annotated[str, typer.Option("--run", help="A run or a recipe's name; default: the latest run.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever reads it later.")]


@app.command()
def drop(what: What, run: OfRun = "", why: Why = "") -> None:
    """Leave a picture, or a face, out of the data sets of its character, in this run and in all later ones."""
    _decide(Decision.DROP, what, run, why)


@app.command()
def keep(what: What, run: OfRun = "", why: Why = "") -> None:
    """Undo an earlier `drop`. What a stage has dropped stays out: this does not bring it back."""
    _decide(Decision.KEEP, what, run, why)


@app.command("list")
def list_verdicts(run: RunName = "", as_json: AsJson = False) -> None:
    """List all verdicts about the character of a run, the first one first."""
    here, name = found_run(run)
    check_whole(here, run_recipe(here, name).name)
    found = list(given(here, run_recipe(here, name).name))
    if as_json:
        screen.say_json([{"number": number, **verdict.model_dump(mode="json")} for number, verdict in found])
        return
    table = Table("", "when", "who", "verdict", "about", "why", box=None, header_style="dim")
    for number, verdict in found:
        about = verdict.image[:20] + ("" if verdict.face is None else f", face {verdict.face}")
        when = f"{verdict.at.astimezone(UTC):%Y-%m-%d %H:%M}"
        table.add_row(str(number), when, verdict.who, verdict.decision.value, about, verdict.why)
    screen.console().print(table if found else "there are no verdicts")


@app.command()
def close(run: RunName = "") -> None:
    """Say that the pictures of a run have been looked at, so that it packs its data set."""
    here, name = found_run(run)
    _publish(here, name, [ReviewClosed(run=name)])
    screen.say(f"the review of {name} is closed{_go_on()}")


def _decide(decision: Decision, what: str, run: str, why: str) -> None:
    here, name = found_run(run)
    items = RunItems(here, name, screen.remark)
    found = items.entries_meant(what).best
    images = {image for entry in found if (image := items.image(entry))}
    if len(images) != 1:
        raise NotFound(f"{len(images)} pictures of run {name} are meant by {what}: `magritte trace` lists them")
    (image,), face = images, _face(what)
    if face is not None and not items.has_face(found[0], face):
        raise NotFound(f"{found[0]} of run {name} has no face {face}: `magritte trace {found[0]}` lists those it has")
    check_whole(here, run_recipe(here, name).name)
    verdict = Verdict(image=image, face=face, decision=decision, who=_user(), why=why)
    number = give(here, run_recipe(here, name).name, verdict)
    for each in _concerned(here, name):
        about = {"run": each, "face": verdict.face, "image": image, "decision": decision, "number": number}
        entries = Ledger(here, each, screen.remark).entries_of(image, face)
        _publish(here, each, [VerdictGiven.model_validate({**about, "entry": entry}) for entry in entries])
    screen.say(f"verdict {number}: {decision} {what}{_go_on()}")


def _concerned(here: Store, run: str) -> Iterator[str]:
    """Yield the run, and all others of its character that are not finished: later ones read the log themselves."""
    yield run
    character = run_recipe(here, run).name
    others = (each for each in run_names(here) if each != run and each.rpartition("-")[0] == character)
    yield from (each for each in others if not is_finished(here, each))


def _user() -> str:
    """Return the name of whoever calls the command, or the number: in a container many users have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _face(what: str) -> int | None:
    """Return the number of the face that is meant, None for a whole picture."""
    try:
        item = parse_item(what.lower())
    except ValueError:
        return None
    return item.number if isinstance(item, Face) else None


def _publish(here: Store, run: str, messages: list[Message]) -> None:
    """Tell the ledger: its owner at work on the broker, or, without a broker, an owner for this once."""
    if not messages:
        return
    stamp = Stamp(stage=PERSON, at=now())
    if has_broker():
        with broker() as bus:
            for message in messages:
                bus.publish(message, stamp)
        return
    owner, batch = _owner_of_ledgers(), [Received.of(message, stamp) for message in messages]
    list(owner.process_batch(run, batch, owner.settings(run_recipe(here, run)), Context(here)))
    owner.rest()


def _owner_of_ledgers() -> Owner[Any, Any]:
    container = next(each.name for each in PIPELINE.declarations if VerdictGiven in each.consumes)
    return next(stage for stage in load(container) if isinstance(stage, Owner))


def _go_on() -> str:
    return "" if has_broker() else "; `magritte run RECIPE` goes on with it"
