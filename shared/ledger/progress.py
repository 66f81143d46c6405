"""Tells how far a run is as a whole, by the facts about it and the tally of its pictures. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from shared.contract.facts import RunFact
from shared.contract.messages import (
    DatasetPacked,
    FacesCompared,
    ItemDied,
    PairGiven,
    RankingReady,
    ReviewClosed,
    SnapshotTaken,
    SourceExhausted,
    TrainingDue,
)
from shared.ledger.tally import Tally


class Phase(StrEnum):
    """Phases of a run."""

    GATHERING = "gathering"
    COMPARING = "comparing"
    REVIEWING = "reviewing"
    PACKING = "packing"
    TRAINING = "training"
    RANKING = "ranking"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Return whether the run has come to its end, though a person may take it up again."""
        return self in (Phase.FINISHED, Phase.FAILED, Phase.CANCELLED)


@dataclass(frozen=True, slots=True)
class PhaseSettings:
    """The part of a recipe that decides the phases of its runs.

    That is the number of sources, and whether a person reviews the pictures, a network is trained and faces are
    compared.
    """

    sources: int
    review: bool
    training: bool
    second_pass: bool = False


@dataclass
class Progress:
    """The knowledge about a run as a whole.

    `listed` counts the entries of each source; those of them that no fact has been about yet are `awaited`. `packed_at`
    is the number of changes (`Tally.changes`) that the newest data set was made of, None without one, and `compared_at`
    the `face_pass` in which faces were compared last. `pair_verdict` is the number of the latest verdict about a pair
    of pictures. `training` is the number of the newest training that is due; snapshot and ranking are the newest, of
    whatever training. `deaths` are stages and
    errors of what concerned the run as a whole.
    """

    listed: dict[int, int] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set, repr=False)
    reviewed: bool = False
    version: int = 0
    dataset: str = ""
    packed_at: int | None = None
    compared_at: int | None = None
    pair_verdict: int = 0
    training: int = 0
    snapshot: RunFact | None = None
    ranking: RunFact | None = None
    deaths: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Progress":
        """Return the progress that `content` has been made of."""
        facts = {name: RunFact(**content[name]) if content[name] else None for name in ("snapshot", "ranking")}
        listed = {int(source): count for source, count in content["listed"].items()}
        deaths = {(stage, reason) for stage, reason in content["deaths"]}
        return cls(**{**content, **facts, "listed": listed, "deaths": deaths})

    def content(self) -> dict[str, Any]:
        """Return what is known, fit for JSON, without the awaited entries, of which the listings tell."""
        known = {name: value for name, value in asdict(self).items() if name != "awaited"}
        return {**known, "deaths": sorted(self.deaths)}

    def add(self, fact: RunFact) -> bool:
        """Take in a fact about the run; return whether it is news."""
        note = _NOTES.get(fact.kind)
        return note is not None and note(self, fact)

    def wait_for(self, entries: Collection[str], tally: Tally) -> None:
        """Wait for those of a source's `entries` that no fact has been about yet."""
        self.awaited |= {entry for entry in entries if entry not in tally}

    def face_pass(self, tally: Tally) -> int:
        """Return the number of the second pass that knows all that is known now; later ones have higher numbers."""
        return tally.candidate_changes + self.pair_verdict

    def is_settled(self, settings: PhaseSettings, tally: Tally) -> bool:
        """Return whether all sources are listed and every picture has its fate."""
        return len(self.listed) >= settings.sources and not self.awaited and tally.is_complete()

    def phase(self, settings: PhaseSettings, tally: Tally) -> Phase:
        """Return the phase of a run that nobody has cancelled and of which nothing has failed."""
        if not self.is_settled(settings, tally):
            return Phase.GATHERING
        if settings.second_pass and self._is_to_be_compared(tally):
            return Phase.COMPARING
        if settings.review and not self.reviewed:
            return Phase.REVIEWING
        if not tally.faces:
            return Phase.FINISHED
        if self.packed_at != tally.changes:
            return Phase.PACKING
        if not (settings.training or self.training):
            return Phase.FINISHED
        snapshot, ranking = self.snapshot, self.ranking
        if snapshot is None or not (snapshot.last and self.is_of_newest_training(snapshot)):
            return Phase.TRAINING
        is_ranked = ranking is not None and self.is_of_newest_training(ranking) and ranking.leg >= snapshot.leg
        return Phase.FINISHED if is_ranked else Phase.RANKING

    def is_of_newest_training(self, fact: RunFact | None) -> bool:
        """Return whether a snapshot or ranking is of the training that is due: those of before had no numbers."""
        if fact is None or fact.number != self.training:
            return False
        return bool(self.training) or fact.version == self.version

    def _is_to_be_compared(self, tally: Tally) -> bool:
        """Return whether faces have changed since they were compared, and since a data set was packed of them."""
        is_new = self.compared_at != self.face_pass(tally)
        is_of_before = self.compared_at is None and self.packed_at == tally.changes
        return is_new and not is_of_before and tally.candidate_faces > 1

    def _note_listed(self, fact: RunFact) -> bool:
        news = self.listed.get(fact.source) != fact.count
        self.listed[fact.source] = fact.count
        return news

    def _note_closed_review(self, fact: RunFact) -> bool:
        news = not self.reviewed
        self.reviewed = True
        return news

    def _note_dataset(self, fact: RunFact) -> bool:
        known = self.version, -1 if self.packed_at is None else self.packed_at
        news = (fact.version, fact.changes) > known
        if news:
            self.version, self.dataset, self.packed_at = fact.version, fact.digest, fact.changes
        return self._note_training(fact) or news

    def _note_training(self, fact: RunFact) -> bool:
        news = fact.number > self.training
        self.training = max(self.training, fact.number)
        return news

    def _note_compared(self, fact: RunFact) -> bool:
        news = self.compared_at is None or fact.changes > self.compared_at
        self.compared_at = fact.changes if news else self.compared_at
        return news

    def _note_pair(self, fact: RunFact) -> bool:
        news = fact.count > self.pair_verdict
        self.pair_verdict = max(self.pair_verdict, fact.count)
        return news

    def _note_snapshot(self, fact: RunFact) -> bool:
        news = _is_newer(fact, self.snapshot)
        self.snapshot = fact if news else self.snapshot
        return news

    def _note_ranking(self, fact: RunFact) -> bool:
        """Take in a ranking, also another one by the same snapshot: that was asked for later."""
        known = self.ranking
        news = known is None or (fact != known and _place(fact) >= _place(known))
        self.ranking = fact if news else self.ranking
        return news

    def _note_death(self, fact: RunFact) -> bool:
        news = (fact.stage, fact.reason) not in self.deaths
        self.deaths.add((fact.stage, fact.reason))
        return news


def _is_newer(fact: RunFact, known: RunFact | None) -> bool:
    return known is None or _place(fact) > _place(known)


def _place(fact: RunFact) -> tuple[int, int, int]:
    """Return by what snapshots and rankings of a run follow each other."""
    return fact.number, fact.version, fact.leg


_NOTES: Mapping[str, Callable[[Progress, RunFact], bool]] = {
    SourceExhausted.kind(): Progress._note_listed,
    ReviewClosed.kind(): Progress._note_closed_review,
    DatasetPacked.kind(): Progress._note_dataset,
    FacesCompared.kind(): Progress._note_compared,
    PairGiven.kind(): Progress._note_pair,
    TrainingDue.kind(): Progress._note_training,
    SnapshotTaken.kind(): Progress._note_snapshot,
    RankingReady.kind(): Progress._note_ranking,
    ItemDied.kind(): Progress._note_death,
}
