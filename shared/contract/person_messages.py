"""The messages by which a person has a say; `shared.contract.messages` has them with all others."""

from enum import StrEnum

from shared.contract.facts import FaceFact, Fact, ImageFact, RunFact
from shared.contract.items import Entry, Face, Item
from shared.contract.message_base import Count, Digest, EntryId, Message, Ordinal


class Decision(StrEnum):
    """A person's decision about a picture or a face."""

    DROP = "drop"
    KEEP = "keep"


class PairDecision(StrEnum):
    """A person's decision about two pictures: not the same, or copies of each other."""

    APART = "apart"
    SAME = "same"


class VerdictGiven(Message):
    """A person has decided about a picture, or about one face of it, in verdict `number` about the character.

    `image` is the original's digest: a verdict holds for the content, in whatever run that occurs.
    """

    entry: EntryId
    face: Count | None = None
    image: Digest
    decision: Decision
    number: Ordinal

    @property
    def item(self) -> Item:
        return Entry(self.entry) if self.face is None else Face(self.entry, self.face)

    def fact(self, stage: str) -> Fact:
        if self.face is None:
            return ImageFact(self.entry, self.kind(), stage, self.number, self.decision)
        return FaceFact(self.entry, self.face, self.kind(), stage, self.number, self.decision)


class PairGiven(Message):
    """A person has decided about two different originals, in verdict `number` about the character."""

    image: Digest
    other: Digest
    decision: PairDecision
    number: Ordinal

    def fact(self, stage: str) -> Fact:
        return RunFact(self.kind(), stage, count=self.number)


class ReviewClosed(Message):
    """A person has looked at the run's pictures: what is settled may be packed."""
