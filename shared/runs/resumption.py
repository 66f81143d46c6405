"""What to publish so that a run goes on after the broker has lost everything: the store knows all that is not settled.

What a picture's messages said is in the run's trail, so its unsettled ones are told again from there; whoever has
done its part already answers from its records.
"""

from collections.abc import Iterator

from shared.contract.items import WholeRun
from shared.contract.messages import Message, RunRequested, SourceExhausted, decode
from shared.ledger.fates import Fate
from shared.ledger.records import keyed_facts, read_message
from shared.ledger.tally import Tally
from shared.runs.dead_letters import State, letters
from shared.runs.registry import listed_count, run_recipe, tally_of
from shared.store.interface import Store


def outstanding(store: Store, run: str) -> Iterator[Message]:
    """Yield messages that lead to all that is still to be done for a run.

    Raises `NotFound` when there is no such run, and `Unreadable` at a record that cannot be told again.

    A source that has been listed is told of last: its message lets the packer see that everything is settled, when
    nothing else is left, and so on to the last step of the run.
    """
    listed = {source: listed_count(store, run, source) for source in range(len(run_recipe(store, run).sources))}
    yield from (RunRequested(run=run, source=source) for source, count in listed.items() if count is None)
    tally = tally_of(store, run)
    yield from _replays(store, run, tally)
    unsettled = tally.unsettled()
    for key, item, _ in keyed_facts(store, run):
        if not isinstance(item, WholeRun) and item.entry in unsettled:
            yield read_message(store, key)
    for source, count in listed.items():
        if count is not None:
            yield SourceExhausted(run=run, source=source, count=count)


def _replays(store: Store, run: str, tally: Tally) -> Iterator[Message]:
    """Find the messages of dead letters that have been given another chance and have not come to anything since."""
    found = (letter for letter in letters(store, run) if letter.state is State.REPLAYED)
    due = {letter.body for letter in found if tally.settlement(letter.entry).fate is Fate.DEAD}
    return (decode(body.encode()) for body in sorted(due))
