"""The index of a run together with where its arrivals lie in the store."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.deduper.arrival import Arrival, Cause, subject
from services.deduper.likeness import Eyes
from services.deduper.run_index import Findings, RunIndex
from shared.contract.messages import ImageFingerprinted, KeeperSettled, PairDecision, PairGiven

_BATCH_BYTES = 52
"""Bytes of memory per entry of `OpenIndex.batches`, measured at 10,000."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The last that was said about a kept picture, or about a pair of originals, and the batch that has it.

    `value` is 1 for a picture that is out of the run, 0 for one that is back, and the number of a person's verdict.
    """

    value: int
    batch: int


@dataclass
class OpenIndex:
    """An index that knows the first `arrivals` of a run; `written` of them are in the newest checkpoint.

    A batch of arrivals is named by the number of its first. `batches` has that of each entry's, in order of arrival,
    and `notices` what has been said since about pictures, by the `subject` of that. `revised` has the batch of what has
    decided last about an entry because of that.
    """

    index: RunIndex
    batches: dict[str, int] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    revised: dict[str, int] = field(default_factory=dict)
    arrivals: int = 0
    written: int = 0

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes, roughly."""
        return self.index.memory + _BATCH_BYTES * (len(self.batches) + len(self.revised))

    def is_news(self, cause: Cause) -> bool:
        """Return whether the index does not know of a cause yet, and has the pictures that it is about."""
        notice = self.notices.get(subject(cause), _NOTHING)
        match cause:
            case ImageFingerprinted():
                return cause.entry not in self.batches
            case KeeperSettled():
                return cause.entry in self.batches and cause.out != bool(notice.value)
            case PairGiven():
                return cause.number > notice.value and self.index.has(cause.image) and self.index.has(cause.other)

    def batches_of(self, cause: Cause) -> set[int]:
        """Return the batches that answer a cause which is no news, none where there is no answer."""
        if isinstance(cause, ImageFingerprinted):
            found = self.batches.get(cause.entry, 0), self.revised.get(cause.entry, 0)
        else:
            found = self.notices.get(subject(cause), _NOTHING).batch, 0
        return set(found) - {0}

    def judge(self, number: int, cause: Cause, eyes: Eyes, known: Findings | None = None) -> Arrival:
        """Take in a cause that is news, and return what follows from it; it counts once it is `noted`.

        `known` are the findings about it, if they were written down.
        """
        match cause:
            case ImageFingerprinted():
                judged = self.index.add(cause, eyes, known)
            case KeeperSettled():
                judged = self.index.settle(cause.entry, cause.out)
            case PairGiven():
                are_copies = cause.decision is PairDecision.SAME
                judged = self.index.pair((cause.image, cause.other), are_copies, eyes, known)
        return Arrival(number, cause, judged.decisions, judged.findings)

    def repeat(self, arrivals: Iterable[Arrival], batch: int, eyes: Eyes) -> None:
        """Take in the arrivals of a batch that lies in the store."""
        known = list(arrivals)
        for each in known:
            self.judge(each.number, each.cause, eyes, each.findings)
        self.note(known, batch)

    def note(self, arrivals: Iterable[Arrival], batch: int) -> None:
        """Note that arrivals, which the index has taken in, lie in the store as a batch."""
        for each in arrivals:
            self.arrivals += 1
            if isinstance(each.cause, ImageFingerprinted):
                self.batches[each.cause.entry] = batch
                continue
            value = each.cause.out if isinstance(each.cause, KeeperSettled) else each.cause.number
            self.notices[subject(each.cause)] = Notice(value, batch)
            self.revised |= {decision.entry: batch for decision in each.decisions}


_NOTHING = Notice(0, 0)
