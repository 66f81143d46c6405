"""The index of a run together with where its arrivals lie in the store."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.deduper.arrival import Arrival, Cause
from services.deduper.likeness import Eyes
from services.deduper.run_index import RunIndex
from shared.contract.messages import KeeperSettled

_BATCH_BYTES = 52
"""Bytes of memory per entry of `OpenIndex.batches`, measured at 10,000."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The last that was said about a kept picture: whether it is `out` of the run, and the batch that has it."""

    out: bool
    batch: int


@dataclass
class OpenIndex:
    """An index that knows the first `arrivals` of a run; `written` of them are in the newest checkpoint.

    A batch of arrivals is named by the number of its first. `batches` has that of each entry's, in order of arrival,
    and `settled` that of kept pictures which have left the run, or come back.
    """

    index: RunIndex
    batches: dict[str, int] = field(default_factory=dict)
    settled: dict[str, Settled] = field(default_factory=dict)
    arrivals: int = 0
    written: int = 0

    @property
    def memory(self) -> int:
        """Bytes of memory that it takes, roughly."""
        return self.index.memory + _BATCH_BYTES * len(self.batches)

    def is_news(self, cause: Cause) -> bool:
        """Return whether the index does not know of a cause yet."""
        if isinstance(cause, KeeperSettled):
            known = self.settled.get(cause.entry)
            return cause.entry in self.batches and cause.out != (known is not None and known.out)
        return cause.entry not in self.batches

    def batch_of(self, cause: Cause) -> int | None:
        """Return the batch that answers a cause which is no news, None where there is no answer."""
        if isinstance(cause, KeeperSettled):
            known = self.settled.get(cause.entry)
            return None if known is None else known.batch
        return self.batches.get(cause.entry)

    def judge(self, number: int, cause: Cause, eyes: Eyes) -> Arrival:
        """Take in a cause that is news, and return what follows from it; it counts once it is `noted`."""
        if isinstance(cause, KeeperSettled):
            return Arrival(number, cause, self.index.settle(cause.entry, cause.out))
        judged = self.index.add(cause, eyes)
        return Arrival(number, cause, judged.decisions, judged.findings)

    def repeat(self, arrivals: Iterable[Arrival], batch: int, eyes: Eyes) -> None:
        """Take in the arrivals of a batch that lies in the store."""
        known = list(arrivals)
        for each in known:
            if isinstance(each.cause, KeeperSettled):
                self.index.settle(each.cause.entry, each.cause.out)
            else:
                self.index.add(each.cause, eyes, each.findings)
        self.note(known, batch)

    def note(self, arrivals: Iterable[Arrival], batch: int) -> None:
        """Note that arrivals, which the index has taken in, lie in the store as a batch."""
        for each in arrivals:
            if isinstance(each.cause, KeeperSettled):
                self.settled[each.cause.entry] = Settled(each.cause.out, batch)
            else:
                self.batches[each.cause.entry] = batch
            self.arrivals += 1
