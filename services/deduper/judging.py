"""Keeps the best of the pictures that are alike."""

import json
from dataclasses import asdict
from typing import Any

from services.deduper.declaration import JUDGING
from services.deduper.run_index import Decision, RunIndex
from shared.contract import keys
from shared.contract.errors import NotFound, StoreUnavailable
from shared.contract.messages import ImageFingerprinted, ImageKept, ImageSuperseded, Judgement
from shared.contract.stage import Context, Stage
from shared.ledger.recent_runs import RecentRuns
from shared.recipe.duplicates import Duplicates
from shared.recipe.recipe import Recipe

MOST_BYTES = 512 * 2**20
"""Memory for the indexes together; one that has left it is rebuilt from its arrivals when it is needed."""


class Judging(Stage[ImageFingerprinted, Duplicates]):
    """`ImageFingerprinted` in, judgements of all that it concerns out: by one owner, one message at a time."""

    declaration = JUDGING

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._indexes = RecentRuns[RunIndex](most_bytes, lambda index: index.memory)

    def settings(self, recipe: Recipe) -> Duplicates:
        return recipe.duplicates

    def process(self, message: ImageFingerprinted, settings: Duplicates, context: Context) -> list[Judgement]:
        """Return the judgements of the entry's arrival, which is written to the store before they are announced.

        The index leaves memory until its latest arrival lies in the store: after a failure, or when another
        consumer was faster, it is rebuilt from what does lie there.
        """
        while True:
            index = self._indexes.take(message.run) or _rebuilt(message.run, settings, context)
            number = index.arrivals.get(message.entry)
            if number is not None:
                self._indexes.keep(message.run, index)
                return _judgements(message.run, number, _arrival(message.run, number, context))
            arrival = _as_json(message, index.add(message))
            number = index.arrivals[message.entry]
            if context.store.put_new(keys.arrival(message.run, number), json.dumps(arrival).encode()):
                self._indexes.keep(message.run, index)
                return _judgements(message.run, number, arrival)


def _rebuilt(run: str, settings: Duplicates, context: Context) -> RunIndex:
    """Rebuild a run's index from the arrivals in the store."""
    index = RunIndex(settings)
    while True:
        try:
            arrival = _arrival(run, len(index.arrivals) + 1, context)
        except NotFound:
            return index
        index.add(ImageFingerprinted.model_validate(arrival["fingerprint"]))


def _arrival(run: str, number: int, context: Context) -> dict[str, Any]:
    key = keys.arrival(run, number)
    try:
        arrival: dict[str, Any] = json.loads(context.store.get(key))
    except ValueError as error:
        raise StoreUnavailable(f"{key} is damaged: delete it if it is the last of the run's arrivals") from error
    return arrival


def _as_json(message: ImageFingerprinted, decisions: list[Decision]) -> dict[str, Any]:
    return {
        "fingerprint": message.model_dump(mode="json"),
        "decisions": [asdict(decision) for decision in decisions],
    }


def _judgements(run: str, number: int, arrival: dict[str, Any]) -> list[Judgement]:
    decisions = [Decision(**decision) for decision in arrival["decisions"]]
    return [_judgement(run, number, len(decisions), decision) for decision in decisions]


def _judgement(run: str, number: int, decisions: int, decision: Decision) -> Judgement:
    common = {"run": run, "arrival": number, "decisions": decisions, **asdict(decision)}
    kind = ImageKept if decision.by is None else ImageSuperseded
    return kind.model_validate(common)
