"""Arrivals at the index, in order, and what follows from each: one line of JSON in the store."""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from services.deduper.run_index import EntryDecision, Findings
from shared.contract.messages import (
    ImageFingerprinted,
    ImageKept,
    ImageSuperseded,
    Judgement,
    KeeperSettled,
    PairGiven,
)
from shared.contract.reasons import Reason

Cause = ImageFingerprinted | KeeperSettled | PairGiven

_NAMES: dict[str, type[Cause]] = {"fingerprint": ImageFingerprinted, "settled": KeeperSettled, "pair": PairGiven}
"""Names of the kinds of causes in a line of the store."""


def subject(cause: Cause) -> str:
    """Return the name of what a cause is about: the later one of two about the same holds."""
    match cause:
        case ImageFingerprinted():
            return cause.entry
        case KeeperSettled():
            return f"keeper {cause.entry}"
        case PairGiven():
            return f"pair {min(cause.image, cause.other)} {max(cause.image, cause.other)}"


@dataclass(frozen=True)
class Arrival:
    """A fingerprint, or the news that a kept picture has left the run or is back, or a person's word about a pair.

    `decisions` are what it has decided. Arrivals are counted from 1. `findings` are what looking at a picture has
    shown; None if that was not written down, before 2026-11-28.
    """

    number: int
    cause: Cause
    decisions: tuple[EntryDecision, ...]
    findings: Findings | None = None

    @classmethod
    def read(cls, number: int, line: bytes) -> "Arrival":
        """Read what `written` wrote; raises `ValueError`, `KeyError` or `TypeError` for anything else."""
        known = json.loads(line)
        decisions = tuple(EntryDecision(**decision) for decision in known["decisions"])
        (name,) = _NAMES.keys() & known.keys()
        return cls(number, _NAMES[name].model_validate(known[name]), decisions, _findings(known))

    def written(self) -> bytes:
        """Write the arrival as a line of JSON, without its number."""
        decisions = [asdict(decision) for decision in self.decisions]
        about = self.cause.model_dump(mode="json", exclude={"fresh"})
        name = next(name for name, kind in _NAMES.items() if isinstance(self.cause, kind))
        seen = {} if self.findings is None else asdict(self.findings)
        return json.dumps({name: about, "decisions": decisions, **seen}).encode()

    def answers(self, subjects: Collection[str]) -> bool:
        """Return whether the arrival is, or has decided anew, about one of these subjects."""
        if isinstance(self.cause, ImageFingerprinted):
            return self.cause.entry in subjects
        return subject(self.cause) in subjects or any(each.entry in subjects for each in self.decisions)

    def judgements(self) -> Iterator[Judgement]:
        """Yield the messages about all that the arrival has decided."""
        for decision in self.decisions:
            kind = ImageKept if decision.by is None else ImageSuperseded
            about = {"run": self.cause.run, "arrival": self.number, "decisions": len(self.decisions)}
            yield kind.model_validate({**about, **asdict(decision), **self._about_what_came(decision.entry)})

    def _about_what_came(self, entry: str) -> dict[str, Any]:
        """Return what only the judgement about the picture that has arrived says."""
        if not isinstance(self.cause, ImageFingerprinted) or self.cause.entry != entry:
            return {}
        return {"fresh": self.cause.fresh, "nearly": sorted(self.findings.nearly) if self.findings else ()}


def _findings(known: dict[str, Any]) -> Findings | None:
    if "pairs" not in known:
        return None
    pairs = {int(other): Reason(kind) for other, kind in known["pairs"].items()}
    resolutions = {int(number): int(shown) for number, shown in known["resolutions"].items()}
    return Findings(pairs, resolutions, known.get("nearly", {}))
