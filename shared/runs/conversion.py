"""Converts runs of before 2026-11-28, which had an object for each fact and no journal."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from pydantic import ValidationError

from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.facts import RunFact
from shared.contract.messages import DatasetPacked, Message, RankingReady, Stamp
from shared.ledger import checkpoint
from shared.ledger.ledger import Ledger, phase_settings
from shared.ledger.records import Skipped, ignored
from shared.ledger.state import state_of, write_state
from shared.ledger.tally import Tally
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource, Source
from shared.runs import trainings
from shared.runs.registry import run_recipe
from shared.store.interface import Store

_BATCH = 1000
"""Messages in a batch of the journal."""

_REQUESTS = {"run-requested", "leg-due"}
"""Kinds of messages that only ask for work: a journal has none of them."""

Published = tuple[Message, Stamp]


def convert(store: Store, run: str, skipped: Skipped = ignored) -> int:
    """Write a run's journal, arrivals, listings and state from its old records; return the number of messages.

    What is old stays where it is. `skipped` gets the keys of records that cannot be read. A run that has a journal
    is left alone; a conversion that was interrupted is done again by the next, since its first batch comes last.
    """
    recipe = run_recipe(store, run)
    if store.exists(keys.journal(run, 1)):
        return 0
    published = list(_published(store, run, recipe, skipped))
    for source in range(len(recipe.sources)):
        _convert_listing(store, keys.old_listing(run, source), recipe.sources[source], skipped)
    _convert_arrivals(store, run)
    _write_journal(store, run, published)
    if published:
        _write_state(store, run, recipe)
    return len(published)


def _published(store: Store, run: str, recipe: Recipe, skipped: Skipped) -> Iterator[Published]:
    """Read the old records in the order of time, the newest data set last."""
    found = [each for key in store.list(keys.trail(run)) if (each := _read(store, key, skipped)) is not None]
    found.sort(key=lambda each: (isinstance(each[0], DatasetPacked), each[1].at))
    changes = _changes(found)
    for message, stamp in found:
        if isinstance(message, DatasetPacked):
            yield message.model_copy(update={"changes": changes}), stamp
        elif message.kind() not in _REQUESTS:
            yield _with_files(message, recipe, store), stamp


def _changes(published: Sequence[Published]) -> int:
    """Count the changes that all facts together make: the data set is up to date with them."""
    tally = Tally()
    for message, stamp in published:
        fact = message.fact(stamp.stage)
        if not isinstance(fact, RunFact):
            tally.add(fact)
    return tally.changes


def _read(store: Store, key: str, skipped: Skipped) -> Published | None:
    try:
        keys.parse_trail(key)
        record: dict[str, Any] = json.loads(store.get(key))
        return Message.types[record["type"]].model_validate(record), Stamp.model_validate(record)
    except (Poison, NotFound, ValueError, KeyError, TypeError, ValidationError):
        skipped(key)
        return None


def _with_files(message: Message, recipe: Recipe, store: Store) -> Message:
    """Return a ranking with the names of its files, which the oldest ones lack and which follow from the recipe."""
    if not isinstance(message, RankingReady) or message.files:
        return message
    snapshot = trainings.find_snapshot(store, message.training, message.leg)
    if snapshot is None:
        return message
    names = (trainings.RANKING, trainings.WORST, trainings.BEST)
    terms = recipe.ranking.model_dump_json(include={"shuffles", "sheet"})
    files = {name: trainings.ranking_key(snapshot.training, snapshot.leg, terms, name) for name in names}
    return message.model_copy(update={"files": files})


def _convert_listing(store: Store, key: str, source: Source, skipped: Skipped) -> None:
    """Give each entry of a listing the provenance that had a record of its own."""
    try:
        listing = json.loads(store.get(key))
        for entry, found in listing["entries"].items():
            if "image" in found and "provenance" not in found:
                found["provenance"] = _provenance(store, found, entry, source, skipped)
    except (NotFound, ValueError, KeyError, TypeError):
        return  # the scraper lists it again
    store.put(key, json.dumps(listing).encode())


def _provenance(store: Store, found: dict[str, Any], entry: str, source: Source, skipped: Skipped) -> dict[str, Any]:
    """Return the provenance of an entry; if its record is lost, one made of its listing and its source."""
    key = keys.old_provenance(found["image"], entry)
    try:
        record: dict[str, Any] = json.loads(store.get(key))
    except (NotFound, ValueError):
        skipped(key)
        kind = "folder" if isinstance(source, FolderSource) else "address"
        return {"source": kind, "origin": found["origin"], "score": found["score"]}
    return record


def _convert_arrivals(store: Store, run: str) -> None:
    """Join the arrivals, which had an object each, into one batch."""
    lines = []
    for number in count(1):
        try:
            lines.append(json.dumps(json.loads(store.get(keys.old_arrival(run, number)))).encode())
        except (NotFound, ValueError):  # one that is damaged is the last, whose message was not acknowledged
            break
    if lines:
        store.put(keys.arrival(run, 1), b"\n".join(lines) + b"\n")


def _write_journal(store: Store, run: str, published: Sequence[Published]) -> None:
    """Write the batches of the journal, the first one last, by which a run is known to be converted."""
    lines = [message.encode(stamp) for message, stamp in published]
    batches = [lines[start : start + _BATCH] for start in range(0, len(lines), _BATCH)]
    for number in range(len(batches), 0, -1):
        store.put(keys.journal(run, number), b"\n".join(batches[number - 1]) + b"\n")


def _write_state(store: Store, run: str, recipe: Recipe) -> None:
    book = Ledger(store, run).book()
    checkpoint.write(store, run, book)
    write_state(store, run, state_of(book, phase_settings(recipe), datetime.now(UTC)))
