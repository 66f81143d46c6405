"""The messages about data sets, trainings and rankings; `shared.contract.messages` has them with all others."""

import operator
from typing import Annotated, Any

from pydantic import Field

from shared.contract.facts import Fact, RunFact
from shared.contract.message_base import Count, Digest, Message, Ordinal

TrainingNumber = Annotated[Count, Field(exclude_if=operator.not_)]
"""The number of a training within its run, from 1 (`shared.runs.run_trainings`); 0 in messages of before."""


class DatasetDue(Message):
    """Pack the data set of the run; `changes` counts how often its members have changed (`Tally.changes`)."""

    changes: Count


class DatasetPacked(Message):
    """Version `version` of the run's data set lies in the store: what belongs into it after these `changes`.

    The run's training `number` is due, none if that is 0.
    """

    version: Ordinal
    digest: Digest
    changes: Count = 0
    number: TrainingNumber = 0

    def fact(self, stage: str) -> Fact:
        about: dict[str, Any] = self.model_dump(exclude={"run"})
        return RunFact(self.kind(), stage, **about)


class TrainingDue(Message):
    """A person asks for the run's training `number`, on version `version` of its data set."""

    number: Ordinal
    version: Ordinal
    dataset: Digest

    def fact(self, stage: str) -> Fact:
        return RunFact(self.kind(), stage, version=self.version, digest=self.dataset, number=self.number)


class LegMessage(Message):
    """Base of messages about leg `leg` of the run's training `number`, on version `version` of its data set."""

    version: Ordinal
    dataset: Digest
    training: Digest
    leg: Count
    number: TrainingNumber = 0

    def fact(self, stage: str) -> Fact:
        about: dict[str, Any] = {"version": self.version, "digest": self.dataset}
        return RunFact(self.kind(), stage, **about, **self.model_dump(exclude={"run", "version", "dataset"}))


class LegDue(LegMessage):
    """Train the leg."""


class SnapshotTaken(LegMessage):
    """The leg is complete: checkpoint `leg` exists, `kimg` thousand pictures have been shown to D."""

    kimg: float
    last: bool


class RankingReady(LegMessage):
    """The training pictures have been ranked by the discriminator of checkpoint `leg`; `files` are keys by name.

    `stability` is Spearman's correlation of quality with the snapshot before; None where that was not ranked so.
    """

    files: dict[str, str] = Field(default_factory=dict)
    stability: float | None = Field(default=None, ge=-1, le=1)

    def fact(self, stage: str) -> Fact:
        about = self.model_dump(exclude={"run", "dataset", "stability"})
        return RunFact(self.kind(), stage, digest=self.dataset, **about)
