"""Fingerprints pictures, and keeps the best of those that are alike."""

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from services.deduper.fingerprint import fingerprint
from services.deduper.run_index import Decision, RunIndex
from shared.contract import keys
from shared.contract.errors import NotFound, StoreUnavailable
from shared.contract.messages import (
    ImageDropped,
    ImageFetched,
    ImageFingerprinted,
    ImageKept,
    ImageSuperseded,
    Judgement,
    Message,
)
from shared.contract.reasons import Drop
from shared.contract.stage import Action, Context, Stage
from shared.ledger.recent_runs import RecentRuns
from shared.pictures import Limits
from shared.recipe.recipe import Recipe

MOST_BYTES = 512 * 2**20
"""Memory for the indexes together; one that has left it is rebuilt from its arrivals when it is needed."""


class Deduper(Stage[Message]):
    """ImageFetched in, ImageFingerprinted out, freely; ImageFingerprinted in, judgements out, one by one."""

    name = "deduper"
    version = 1

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._indexes = RecentRuns[RunIndex](most_bytes, lambda index: index.memory)
        self._lock = threading.Lock()

    def action(self, message: Message, context: Context) -> Action | None:
        if not isinstance(message, ImageFetched):
            return None
        limits = _limits(context.recipe)
        settings = {"max_bytes": limits.max_bytes, "max_pixels": limits.max_pixels}
        return Action(self.name, self.version, settings=settings, inputs={"image": message.image})

    def process(self, message: Message, context: Context) -> Iterable[Message]:
        if isinstance(message, ImageFetched):
            return [self._fingerprinted(message, context)]
        assert isinstance(message, ImageFingerprinted)
        with self._lock:
            return self._judged(message, context)

    def _fingerprinted(self, message: ImageFetched, context: Context) -> Message:
        found = fingerprint(context.store.get(keys.original(message.image)), _limits(context.recipe))
        if isinstance(found, Drop):
            return ImageDropped.of(message, self.name, found)
        return ImageFingerprinted(
            run=message.run, entry=message.entry, image=message.image, score=message.score, **asdict(found)
        )

    def _judged(self, message: ImageFingerprinted, context: Context) -> list[Judgement]:
        """Return the judgements of the entry's arrival, which is written to the store before they are announced.

        The index leaves memory until its latest arrival lies in the store: after a failure, or when another
        consumer was faster, it is rebuilt from what does lie there.
        """
        while True:
            index = self._indexes.take(message.run) or _rebuilt(message.run, context)
            number = index.arrivals.get(message.entry)
            if number is not None:
                self._indexes.keep(message.run, index)
                return _judgements(message.run, number, _arrival(message.run, number, context))
            arrival = _as_json(message, index.add(message))
            number = index.arrivals[message.entry]
            if context.store.put_new(keys.arrival(message.run, number), json.dumps(arrival).encode()):
                self._indexes.keep(message.run, index)
                return _judgements(message.run, number, arrival)


STAGE = Deduper


def _limits(recipe: Recipe) -> Limits:
    """Return the recipe's limits that protect decoding; the scraper has enforced the others."""
    asked = Limits.of(recipe.pictures)
    return Limits(max_bytes=asked.max_bytes, max_pixels=asked.max_pixels, min_side=1, max_elongation=float("inf"))


def _rebuilt(run: str, context: Context) -> RunIndex:
    """Rebuild a run's index from the arrivals in the store."""
    index = RunIndex(context.recipe.duplicates)
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
