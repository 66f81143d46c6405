"""Writes and reads `state.json`: what the ledger's owner knows of a run, small enough to be read at every look."""

from collections import Counter
from datetime import datetime

from pydantic import BaseModel

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.facts import RunFact
from shared.contract.messages import Count, Digest
from shared.contract.objects import Objects
from shared.ledger.book import Book
from shared.ledger.fates import Fate, Settlement
from shared.ledger.progress import Phase, PhaseSettings
from shared.ledger.records import read_record


class FateCount(BaseModel):
    """The number of pictures with one fate."""

    fate: Fate
    stage: str = ""
    reason: str = ""
    pictures: Count


class StageCount(BaseModel):
    """The number of facts of one kind that a stage has published."""

    stage: str
    message: str
    count: Count


class DatasetState(BaseModel):
    """The newest version of the data set."""

    version: Count
    digest: Digest


class SnapshotState(BaseModel):
    """The newest snapshot of the run's newest training that has one: training `number`, on `version` of the data set.

    Both are 0 in states of before.
    """

    number: Count = 0
    version: Count = 0
    training: Digest
    leg: Count
    kimg: float
    last: bool


class RankingState(BaseModel):
    """The newest ranking, by the snapshot of a leg; `files` are keys by name."""

    training: Digest
    leg: Count
    files: dict[str, str]


class RunState(BaseModel):
    """A run as of batch `batches` of its journal, at a moment in UTC.

    `phase` takes no account of cancelled runs and dead letters: `shared.runs.registry.phase_of` does.
    """

    batches: Count = 0
    at: datetime
    phase: Phase
    pictures: Count
    faces: Count
    fates: list[FateCount]
    stages: list[StageCount]
    dataset: DatasetState | None = None
    snapshot: SnapshotState | None = None
    ranking: RankingState | None = None

    @property
    def facts(self) -> Counter[tuple[str, str]]:
        """The number of facts by stage and kind."""
        return Counter({(each.stage, each.message): each.count for each in self.stages})

    @property
    def settlements(self) -> Counter[Settlement]:
        """The number of pictures by settlement; they add up to `pictures`."""
        return Counter({Settlement(each.fate, each.stage, each.reason): each.pictures for each in self.fates})


def state_of(book: Book, settings: PhaseSettings, at: datetime) -> RunState:
    """Return the state of the run that a book is about, as of the moment `at` (UTC)."""
    progress, tally = book.progress, book.tally
    fates = tally.counts().most_common()
    return RunState(
        batches=book.batches,
        at=at,
        phase=book.phase(settings),
        pictures=len(tally),
        faces=tally.faces,
        fates=[FateCount(fate=f.fate, stage=f.stage, reason=f.reason, pictures=count) for f, count in fates],
        stages=[StageCount(stage=s, message=kind, count=n) for (s, kind), n in sorted(book.stages.items())],
        dataset=DatasetState(version=progress.version, digest=progress.dataset) if progress.version else None,
        snapshot=_snapshot(progress.snapshot),
        ranking=_ranking(progress.ranking),
    )


def write_state(store: Objects, run: str, state: RunState) -> None:
    """Write a run's state."""
    store.put(keys.state(run), state.model_dump_json(indent=1).encode())


def find_state(store: Objects, run: str) -> RunState | None:
    """Return a run's state as it was last written; None when there is none, or it cannot be read."""
    try:
        return read_record(store, keys.state(run), RunState, "")
    except (NotFound, Unreadable):
        return None


def _snapshot(fact: RunFact | None) -> SnapshotState | None:
    if fact is None:
        return None
    about = {"number": fact.number, "version": fact.version, "training": fact.training}
    return SnapshotState.model_validate({**about, "leg": fact.leg, "kimg": fact.kimg, "last": fact.last})


def _ranking(fact: RunFact | None) -> RankingState | None:
    return RankingState(training=fact.training, leg=fact.leg, files=dict(fact.files)) if fact is not None else None
