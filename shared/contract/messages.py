"""Every message that crosses the bus, one class each. What they have in common is in `shared.contract.message_base`."""

import operator
from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field

from shared.contract.facts import FaceFact, Fact, ImageFact, RunFact
from shared.contract.items import Entry, Face, Item, WholeRun
from shared.contract.message_base import (
    NO_STAMP,
    Count,
    Digest,
    EntryId,
    FaceMessage,
    Fresh,
    Hash,
    ImageMessage,
    Message,
    Ordinal,
    RunId,
    Stamp,
    Tags,
    decode_message,
    decode_stamped,
    identity,
    kebab,
    now,
    of_revision,
    rebuild,
)
from shared.contract.person_messages import Decision, FaceBoxed, PairDecision, PairGiven, ReviewClosed, VerdictGiven
from shared.contract.reasons import Drop, Reason
from shared.contract.second_pass import FaceKept, FacesCompared, FacesDue, FaceSuperseded
from shared.contract.training_messages import (
    DatasetDue,
    DatasetPacked,
    LegDue,
    LegMessage,
    RankingReady,
    SnapshotTaken,
    TrainingDue,
)

__all__ = [  # what readers of messages take from here
    "NO_STAMP", "Count", "DatasetDue", "DatasetPacked", "Decision", "Digest", "EntryId", "FaceBoxed", "FaceKept",
    "FaceSuperseded", "FacesCompared", "FacesDue", "LegDue", "LegMessage", "Message", "PairDecision", "PairGiven",
    "RankingReady", "ReviewClosed", "RunId", "SnapshotTaken", "Stamp", "TrainingDue", "VerdictGiven", "decode_message",
    "decode_stamped", "kebab", "now", "of_revision", "rebuild",
]  # fmt: skip


class RunRequested(Message):
    """A run shall begin or go on: list this source of its recipe."""

    source: Count


class ListingDue(Message):
    """The next page of a source is due: list it, and bring into the store what it lists."""

    source: Count
    page: Ordinal


class ImageFetched(ImageMessage):
    """An original lies in the store; `origin` is what its source calls it: a path or an address."""

    image: Digest
    source: Count
    score: int = 0
    origin: str = ""
    fresh: Fresh = False


class SourceExhausted(Message):
    """A source has been listed to its end; the pages of its listing name all `count` entries."""

    source: Count
    count: Count

    def fact(self, stage: str) -> Fact:
        return RunFact(self.kind(), stage, source=self.source, count=self.count)


class ImageFingerprinted(ImageMessage):
    """An original's fingerprint is known.

    The hashes are imagehash's phash of the picture and of its mirror image, 64 bits in hexadecimal; `words` stand for
    details (`services.deduper.words`), and are empty in messages of before 2026-11-28.
    """

    image: Digest
    score: int
    width: Count
    height: Count
    lossless: bool
    phash: Hash
    mirrored_phash: Hash
    words: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*$", max_length=2000)] = ""
    fresh: Fresh = False


class Judgement(ImageMessage):
    """A decision of the deduper's index, made when an entry arrived.

    Decisions can change as better copies arrive: the one with the highest `arrival` (counted from 1) holds.
    `decisions` says how many entries that arrival decided, so that a reader knows when it has seen them all.
    """

    image: Digest
    arrival: Ordinal
    decisions: Ordinal

    def fact(self, stage: str) -> ImageFact:
        reason = str(self.drop_reason or "")
        return ImageFact(self.entry, self.kind(), stage, self.arrival, reason, decisions=self.decisions)


class ImageKept(Judgement):
    """The best copy of its group so far.

    One that is `passed_over` has fallen out of the run later on, so that the next best copy is kept as well. `nearly`
    are originals that are not quite like it, for a person to look at.
    """

    passed_over: Annotated[bool, Field(exclude_if=operator.not_)] = False
    nearly: Annotated[tuple[Digest, ...], Field(exclude_if=operator.not_)] = ()
    fresh: Fresh = False

    def fact(self, stage: str) -> ImageFact:
        return replace(super().fact(stage), passed_over=self.passed_over)


class ImageSuperseded(Judgement):
    """Not kept (any longer): the run has a better copy, `by`, of the entry `keeper` (None in messages of before)."""

    by: Digest
    keeper: Annotated[EntryId | None, Field(exclude_if=operator.not_)] = None
    reason: Reason

    @property
    def drop_reason(self) -> Reason:
        return self.reason

    def fact(self, stage: str) -> ImageFact:
        return replace(super().fact(stage), keeper=self.keeper or "")


class KeeperSettled(ImageMessage):
    """A kept picture has fallen `out` of the run, so that its copies may be kept, or is in it again."""

    out: bool


class Dropped(Message):
    """A picture or a face left the run at `stage`."""

    stage: str
    reason: Reason
    detail: str = ""

    @property
    def drop_reason(self) -> Reason:
        return self.reason

    @classmethod
    def of(cls, consumed: Message, stage: str, drop: Drop, **item: str | int) -> Self:
        """Make a stage's answer to `consumed`; `item` is the entry or face where that message has none."""
        return cls.model_validate({**identity(consumed), **item, "stage": stage, **vars(drop)})


class ImageDropped(ImageMessage, Dropped):
    """A picture left the run; `image` is its original, told by a stage after which a person may find faces there."""

    image: Annotated[Digest | None, Field(exclude_if=operator.not_)] = None

    def fact(self, stage: str) -> Fact:
        return ImageFact(self.entry, self.kind(), self.stage, self.revision, self.reason)


class FaceFound(FaceMessage):
    """A face is cut out as `crop`: `box` (left, top, width, height), turned clockwise by `angle` about its middle.

    `detectors` have found it, as surely as `confidence` says in what is theirs. A box by hand has neither.
    """

    image: Digest
    crop: Digest
    box: tuple[int, int, int, int]
    angle: float = Field(default=0.0, exclude_if=lambda angle: not angle)
    side: Count
    confidence: float | None = Field(default=None, exclude_if=lambda confidence: confidence is None)
    detectors: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)
    fresh: Fresh = False


class FacesCounted(ImageMessage):
    """The number of faces of a picture that went on; each settles on its own. `tags` are by a tagger, surest first."""

    image: Digest
    faces: Ordinal
    tags: Tags = ()

    def fact(self, stage: str) -> Fact:
        return ImageFact(self.entry, self.kind(), stage, self.revision, faces=self.faces)


class FaceUpscaled(FaceMessage):
    """A face is large enough; `crop` is the enlarged picture, or the same one when it was."""

    image: Digest
    crop: Digest
    factor: Ordinal
    fresh: Fresh = False


class FaceNormalized(FaceMessage):
    """A face is ready for the data set; `picture` is the digest of the encoded, verified picture."""

    image: Digest
    picture: Digest


class FaceDropped(FaceMessage, Dropped):
    """A face left the run."""

    def fact(self, stage: str) -> Fact:
        return FaceFact(self.entry, self.face, self.kind(), self.stage, self.revision, self.reason)


def dropped(consumed: Message, stage: str, drop: Drop) -> Dropped:
    """Return the message that the face of `consumed`, or else its picture, leaves the run."""
    kind = FaceDropped if isinstance(consumed, FaceMessage) else ImageDropped
    return kind.of(consumed, stage, drop)


class ItemDied(Message):
    """An item could not be processed and stays out of the data set until it is replayed."""

    entry: EntryId | None = None
    face: Count | None = None
    revision: Count = 0
    stage: str
    error: str
    detail: str = ""

    @property
    def item(self) -> Item:
        if self.entry is None:
            return WholeRun()
        return Entry(self.entry) if self.face is None else Face(self.entry, self.face)

    def fact(self, stage: str) -> Fact:
        kind = self.kind()
        if self.entry is None:
            return RunFact(kind, self.stage, reason=self.error)
        if self.face is None:
            return ImageFact(self.entry, kind, self.stage, self.revision, self.error)
        return FaceFact(self.entry, self.face, kind, self.stage, self.revision, self.error)
