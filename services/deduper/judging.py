"""The stage that decides which of several duplicates is kept."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from services.deduper import checkpoint
from services.deduper.declaration import JUDGING
from services.deduper.likeness import Eyes, Looking, Looks
from services.deduper.run_index import EntryDecision, Findings, Judged, RunIndex
from shared.contract import keys
from shared.contract.errors import NotFound, StoreUnavailable
from shared.contract.messages import ImageFingerprinted, ImageKept, ImageSuperseded, Judgement
from shared.contract.objects import Objects
from shared.contract.owner import Owner, Received
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.ledger.recent_runs import RecentRuns
from shared.recipe.duplicates import Duplicates
from shared.recipe.recipe import Recipe

MOST_BYTES = 512 * 2**20
"""Memory for the indexes together; one that has left it is rebuilt from its arrivals when it is needed."""

_BATCH_BYTES = 52
"""Bytes of memory per entry of `_Open.batches`, measured at 10,000."""


@dataclass
class _Open:
    """The index of a run, and by entry the number of the first arrival of its batch, which names the batch.

    `written` arrivals are in the newest checkpoint.
    """

    index: RunIndex
    batches: dict[str, int] = field(default_factory=dict)
    written: int = 0

    @property
    def memory(self) -> int:
        return self.index.memory + _BATCH_BYTES * len(self.batches)


@dataclass(frozen=True)
class _Arrival:
    """A fingerprint, and what its arrival, which is counted from 1, has decided.

    `findings` are what looking at it has shown; None if that was not written down, before 2026-11-28.
    """

    number: int
    fingerprint: ImageFingerprinted
    decisions: tuple[EntryDecision, ...]
    findings: Findings | None

    @classmethod
    def read(cls, number: int, line: bytes) -> "_Arrival":
        known = json.loads(line)
        decisions = tuple(EntryDecision(**decision) for decision in known["decisions"])
        return cls(number, ImageFingerprinted.model_validate(known["fingerprint"]), decisions, _findings(known))

    def written(self) -> bytes:
        decisions = [asdict(decision) for decision in self.decisions]
        fingerprint = self.fingerprint.model_dump(mode="json", exclude={"fresh"})
        seen = {} if self.findings is None else asdict(self.findings)
        return json.dumps({"fingerprint": fingerprint, "decisions": decisions, **seen}).encode()

    def judgements(self) -> Iterator[Judgement]:
        for decision in self.decisions:
            kind = ImageKept if decision.by is None else ImageSuperseded
            fresh = self.fingerprint.fresh and decision.entry == self.fingerprint.entry
            about = {"run": self.fingerprint.run, "arrival": self.number, "decisions": len(self.decisions)}
            about["fresh"] = fresh
            yield kind.model_validate({**about, **asdict(decision)})


class Judging(Owner[ImageFingerprinted, Duplicates]):
    """`ImageFingerprinted` in; `ImageKept` and `ImageSuperseded` of all pictures whose decision is new out."""

    declaration = JUDGING

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._indexes = RecentRuns[_Open](most_bytes, lambda opened: opened.memory)
        self._looks = Looks()

    def settings(self, recipe: Recipe) -> Duplicates:
        return recipe.duplicates

    def process_batch(
        self, run: str, batch: Sequence[Received[ImageFingerprinted]], settings: Duplicates, context: Context
    ) -> list[Judgement]:
        """Return the judgements of the batch's arrivals, which are in the store before the first is announced.

        What has arrived before is answered from the store.
        """
        fingerprints = {received.message.entry: received.message for received in batch}
        opened, arrivals = self._judged(run, fingerprints, settings, context)
        self._indexes.keep(run, opened)
        if checkpoint.is_due(len(opened.batches), opened.written):
            checkpoint.write(context.store, run, opened.index, opened.batches)
            opened.written = len(opened.batches)
        before = {opened.batches[entry] for entry in fingerprints} - {arrivals[0].number if arrivals else 0}
        known = (each for first in sorted(before) for each in _read(run, first, context.store))
        known_and_new = [*(each for each in known if each.fingerprint.entry in fingerprints), *arrivals]
        return [judgement for arrival in known_and_new for judgement in arrival.judgements()]

    def _judged(
        self, run: str, fingerprints: dict[str, ImageFingerprinted], settings: Duplicates, context: Context
    ) -> tuple[_Open, list[_Arrival]]:
        """Judge the fingerprints that are new, as one batch of arrivals, and return the index with these.

        The index is not in memory until the batch lies in the store: after a failure, or when another consumer was
        faster, it is rebuilt from what does lie there.
        """
        eyes = Looking(settings, self._looks).within(context.store)
        while True:
            opened = self._indexes.take(run) or _rebuilt(run, settings, eyes, context.store)
            first = len(opened.batches) + 1
            new = [each for entry, each in fingerprints.items() if entry not in opened.batches]
            arrivals = [_arrival(number, each, opened.index.add(each, eyes)) for number, each in enumerate(new, first)]
            lines = b"".join(arrival.written() + b"\n" for arrival in arrivals)
            if not arrivals or context.store.put_new(keys.arrival(run, first), lines):
                opened.batches |= {each.entry: first for each in new}
                return opened, arrivals


def _findings(known: dict[str, Any]) -> Findings | None:
    if "pairs" not in known:
        return None
    pairs = {int(other): Reason(kind) for other, kind in known["pairs"].items()}
    return Findings(pairs, {int(number): int(shown) for number, shown in known["resolutions"].items()})


def _arrival(number: int, fingerprint: ImageFingerprinted, judged: Judged) -> _Arrival:
    return _Arrival(number, fingerprint, judged.decisions, judged.findings)


def _rebuilt(run: str, settings: Duplicates, eyes: Eyes, store: Objects) -> _Open:
    """Rebuild the index of a run from its newest checkpoint and the arrivals since."""
    index, batches = checkpoint.newest(store, run, settings)
    opened = _Open(index, batches, len(batches))
    while True:
        first = len(opened.batches) + 1
        try:
            arrivals = _read(run, first, store)
        except NotFound:
            return opened
        for arrival in arrivals:
            opened.index.add(arrival.fingerprint, eyes, arrival.findings)
            opened.batches[arrival.fingerprint.entry] = first


def _read(run: str, first: int, store: Objects) -> list[_Arrival]:
    """Return the arrivals of a batch; raises `NotFound`, and `StoreUnavailable` when it is damaged."""
    key = keys.arrival(run, first)
    content = store.get(key)
    try:
        if not content.endswith(b"\n"):
            raise ValueError("it has been cut short")
        return [_Arrival.read(number, line) for number, line in enumerate(content.splitlines(), first)]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreUnavailable(f"{key} is damaged: delete it if it is the last of the run's arrivals") from error
