"""What a person decides about pictures: written down, and told to the ledgers of the runs that it concerns."""

import getpass
import os
from collections.abc import Iterator, Sequence
from typing import Any

from services.magritte import libraries, screen
from services.magritte.connection import broker, has_broker
from services.magritte.pipeline import PIPELINE, load
from shared.contract.messages import Message, PairGiven, Stamp, VerdictGiven, now
from shared.contract.owner import Owner, Received
from shared.contract.stage import Context
from shared.ledger.fates import PERSON
from shared.ledger.ledger import Ledger
from shared.ledger.records import run_names
from shared.ledger.verdicts import Verdict, Verdicts, check_whole, give_all
from shared.ledger.verdicts_told import verdicts_given
from shared.runs.registry import is_finished, run_recipe
from shared.runs.resumption import missed_verdicts
from shared.store.interface import Store


def decide(here: Store, run: str, verdicts: Sequence[Verdict]) -> list[int]:
    """Append verdicts to the log of a run's character, tell the runs that they concern, and return their numbers."""
    character = run_recipe(here, run).name
    check_whole(here, character)
    numbered = list(zip(give_all(here, character, verdicts), verdicts, strict=True))
    notify(here, run, numbered)
    return [number for number, _ in numbered]


def notify(here: Store, run: str, numbered: Sequence[tuple[int, Verdict]]) -> None:
    """Tell a run, and others of its character that it concerns, of verdicts that are in the log, with their numbers."""
    standing = Verdicts(run_recipe(here, run).name)
    standing.read(here)
    for each in _concerned(here, run):
        publish(here, each, list(verdicts_given(Ledger(here, each, screen.remark), each, numbered, standing)))


def notify_of_missed(here: Store, run: str) -> int:
    """Tell a run of the verdicts that it has not heard of, as after a command that was killed; return their number."""
    missed = list(missed_verdicts(here, run, Ledger(here, run, screen.remark).book()))
    if missed:
        publish(here, run, missed)
    return len({message.number for message in missed if isinstance(message, VerdictGiven)})


def _concerned(here: Store, run: str) -> Iterator[str]:
    """Yield the run, and all others of its character that are not finished: later ones read the log themselves."""
    yield run
    character = run_recipe(here, run).name
    others = (each for each in run_names(here) if each != run and each.rpartition("-")[0] == character)
    yield from (each for each in others if not is_finished(here, each))


def publish(here: Store, run: str, messages: Sequence[Message]) -> None:
    """Tell the owners at work on the broker, or, without a broker, owners for this once.

    What follows from that in the ledger is done when the run goes on.
    """
    published = [(PERSON, message) for message in messages]
    if has_broker():
        with broker() as bus:
            for _, message in published:
                bus.publish(message, Stamp(stage=PERSON, at=now()))
        return
    pairs = [message for message in messages if isinstance(message, PairGiven)]
    if pairs:
        with libraries.of_extra("deduper"):
            index = _owner(PairGiven)
        judged = _process(here, run, index, [(PERSON, pair) for pair in pairs])
        published += [(index.name, message) for message in judged]
    ledger = _owner(VerdictGiven)
    known = ledger.declaration.consumes
    _process(here, run, ledger, [(stage, each) for stage, each in published if type(each) in known])


def _process(here: Store, run: str, owner: Owner[Any, Any], messages: Sequence[tuple[str, Message]]) -> list[Message]:
    """Have an owner process messages, each with the stage that has published it; return what it publishes."""
    batch = [Received.of(message, Stamp(stage=stage, at=now())) for stage, message in messages]
    if not batch:
        return []
    published = list(owner.process_batch(run, batch, owner.settings(run_recipe(here, run)), Context(here)))
    owner.rest()
    return published


def _owner(kind: type[Message]) -> Owner[Any, Any]:
    """Return the owner that messages of this kind are for."""
    container = next(each.name for each in PIPELINE.declarations if kind in each.consumes)
    return next(stage for stage in load(container) if isinstance(stage, Owner))


def user() -> str:
    """Return the name of whoever calls the command, or the number: in a container many users have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
