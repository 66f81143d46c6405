"""What the index is told, in order, and what follows from each: one line of JSON in the store."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from services.deduper.run_index import EntryDecision, Findings
from shared.contract.messages import ImageFingerprinted, ImageKept, ImageSuperseded, Judgement, KeeperSettled
from shared.contract.reasons import Reason

Cause = ImageFingerprinted | KeeperSettled


@dataclass(frozen=True)
class Arrival:
    """A fingerprint, or the news that a kept picture has left the run or is back, and what it has decided.

    Arrivals are counted from 1. `findings` are what looking at a picture has shown; None if that was not written down,
    before 2026-11-28.
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
        if "settled" in known:
            return cls(number, KeeperSettled.model_validate(known["settled"]), decisions)
        return cls(number, ImageFingerprinted.model_validate(known["fingerprint"]), decisions, _findings(known))

    def written(self) -> bytes:
        """Write the arrival as a line of JSON, without its number."""
        decisions = [asdict(decision) for decision in self.decisions]
        about = self.cause.model_dump(mode="json", exclude={"fresh"})
        name = "settled" if isinstance(self.cause, KeeperSettled) else "fingerprint"
        seen = {} if self.findings is None else asdict(self.findings)
        return json.dumps({name: about, "decisions": decisions, **seen}).encode()

    def judgements(self) -> Iterator[Judgement]:
        """Yield the messages about all that the arrival has decided."""
        for decision in self.decisions:
            kind = ImageKept if decision.by is None else ImageSuperseded
            about = {"run": self.cause.run, "arrival": self.number, "decisions": len(self.decisions)}
            yield kind.model_validate({**about, **asdict(decision), "fresh": self._has_brought(decision.entry)})

    def _has_brought(self, entry: str) -> bool:
        """Return whether an entry's picture has come into the store just before."""
        return isinstance(self.cause, ImageFingerprinted) and self.cause.fresh and self.cause.entry == entry


def _findings(known: dict[str, Any]) -> Findings | None:
    if "pairs" not in known:
        return None
    pairs = {int(other): Reason(kind) for other, kind in known["pairs"].items()}
    return Findings(pairs, {int(number): int(shown) for number, shown in known["resolutions"].items()})
