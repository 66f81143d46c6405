"""The messages by which a person has a say; `shared.contract.messages` has them with all others."""

import operator
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.contract.facts import FaceFact, Fact, ImageFact, RunFact
from shared.contract.items import Entry, Face, Item
from shared.contract.message_base import Count, Digest, EntryId, FaceMessage, Message, Ordinal

BY_HAND = 500_000_000
"""Revision of what is made of the box in verdict 0; below are the revisions of what stages have made by themselves."""

NEW_FACES = 1000
"""Number of the first face in a picture that a person has found there, and no detector; these are never as many."""

Place = Annotated[int, Field(gt=-(10**6), lt=10**6)]
Length = Annotated[int, Field(ge=1, lt=10**6)]
HandBox = tuple[Place, Place, Length, Length]
"""Left, top, width and height in the original's pixels."""

Degrees = Annotated[float, Field(ge=-180, le=180, exclude_if=operator.not_)]
"""Angle by which a box is turned clockwise about its middle."""


class Decision(StrEnum):
    """A person's decision about a picture or a face; `box` says where the face is."""

    DROP = "drop"
    KEEP = "keep"
    BOX = "box"


class PairDecision(StrEnum):
    """A person's decision about two pictures: not the same, or copies of each other."""

    APART = "apart"
    SAME = "same"


class VerdictGiven(Message):
    """A person has decided about a picture, or about one face of it, in verdict `number` about the character.

    `image` is the original's digest: a verdict holds for the content, in whatever run that occurs. By the decision
    `box` the face is to be cut out by that box, turned by `angle`.
    """

    entry: EntryId
    face: Count | None = None
    image: Digest
    decision: Decision
    number: Ordinal
    box: Annotated[HandBox | None, Field(exclude_if=operator.not_)] = None
    angle: Degrees = 0.0

    @property
    def item(self) -> Item:
        return Entry(self.entry) if self.face is None else Face(self.entry, self.face)

    def fact(self, stage: str) -> Fact:
        if self.face is None:
            return ImageFact(self.entry, self.kind(), stage, self.number, self.decision)
        return FaceFact(self.entry, self.face, self.kind(), stage, self.number, self.decision)


class FaceBoxed(FaceMessage):
    """Cut a face out of its original by a box that a person has given in the verdict number `revision` - `BY_HAND`."""

    image: Digest
    box: HandBox
    angle: Degrees = 0.0


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
