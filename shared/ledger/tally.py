"""What has become of every picture of a run: facts in, exactly one fate per picture out.

Both the packer (from messages) and `magritte status` (from the keys of the run's trail) keep this tally, so they
cannot disagree.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.contract.messages import (
    FaceDropped,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    Message,
)


class Fate(StrEnum):
    """The possible outcomes for a picture."""

    IN_DATASET = "in-dataset"
    DROPPED = "dropped"
    DEAD = "dead"
    UNDECIDED = "undecided"


_BYTES = 750
"""Bytes of memory per picture in a tally, measured."""

_NO_REASON = "none"
_NUMBERS = ("arrival", "faces", "leg", "source")


@dataclass(frozen=True)
class Settlement:
    """A picture's fate, the stage that decided it and why."""

    fate: Fate
    stage: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Fact:
    """The part of a message about an item that the tally needs, small enough to be written into a key.

    `number` is a judgement's arrival or a count of faces; `decisions` says how many entries that arrival decided.
    In facts about the run itself they are the leg or source and the data set's version, to tell facts apart.
    """

    stage: str
    kind: str
    reason: str = ""
    number: int = 0
    decisions: int = 0

    @property
    def label(self) -> str:
        """The fact as the last part of a trail key; `from_label` reads it back."""
        return f"{self.stage}.{self.kind}.{self.reason or _NO_REASON}.{self.number}.{self.decisions}"

    @classmethod
    def from_label(cls, label: str) -> "Fact":
        """Parse `label`, as the property of that name makes it, into its fact."""
        stage, kind, reason, number, decisions = label.split(".")
        return cls(stage, kind, "" if reason == _NO_REASON else reason, int(number), int(decisions))

    @classmethod
    def of(cls, stage: str, message: Message) -> "Fact":
        """Return the fact that `message`, published by `stage`, states about its item."""
        reason = getattr(message, "reason", getattr(message, "error", ""))
        number = next((getattr(message, name) for name in _NUMBERS if hasattr(message, name)), 0)
        decisions = getattr(message, "decisions", getattr(message, "version", 0))
        return cls(stage, message.kind(), str(reason), number, decisions)


_SETTLES_FACE = {ItemDied.kind(): 0, FaceDropped.kind(): 1, FaceNormalized.kind(): 2}
_JUDGES = {ImageKept.kind(), ImageSuperseded.kind()}


def _prevailing(known: Fact | None, fact: Fact) -> Fact:
    """Return the fact that holds of two about one thing, in any order: a replayed item can have died and be done."""
    return fact if known is None else max(known, fact, key=_precedence)


def _precedence(fact: Fact) -> tuple[int, int, str]:
    return fact.number, _SETTLES_FACE.get(fact.kind, 0), fact.label


@dataclass
class _Picture:
    """All that is known about one entry; one of up to millions, hence the slots."""

    __slots__ = ("died", "dropped", "faces", "judged", "settled_faces")

    dropped: Fact | None
    judged: Fact | None
    died: Fact | None
    faces: int | None
    settled_faces: dict[int, Fact]

    def add(self, face: int | None, fact: Fact) -> bool:
        before = (self.dropped, self.judged, self.died, self.faces, self.settled_faces.get(face or 0))
        if face is not None:
            self._add_face(face, fact)
        else:
            self._add_own(fact)
        return before != (self.dropped, self.judged, self.died, self.faces, self.settled_faces.get(face or 0))

    def _add_own(self, fact: Fact) -> None:
        if fact.kind == ImageDropped.kind():
            self.dropped = _prevailing(self.dropped, fact)
        elif fact.kind in _JUDGES:
            self.judged = _prevailing(self.judged, fact)
        elif fact.kind == FacesCounted.kind():
            self.faces = max(self.faces or 0, fact.number)
        elif fact.kind == ItemDied.kind():
            self.died = _prevailing(self.died, fact)

    def _add_face(self, face: int, fact: Fact) -> None:
        if fact.kind in _SETTLES_FACE:
            self.settled_faces[face] = _prevailing(self.settled_faces.get(face), fact)

    @property
    def is_settled(self) -> bool:
        return self.settlement().fate is not Fate.UNDECIDED

    def settlement(self) -> Settlement:
        if self.judged is not None and self.judged.kind == ImageSuperseded.kind():
            return Settlement(Fate.DROPPED, self.judged.stage, self.judged.reason)
        if self.dropped is not None:
            return Settlement(Fate.DROPPED, self.dropped.stage, self.dropped.reason)
        if self.faces is not None:
            return self._settlement_of_faces(self.faces)
        if self.died is not None:
            return Settlement(Fate.DEAD, self.died.stage, self.died.reason)
        return Settlement(Fate.UNDECIDED)

    def _settlement_of_faces(self, expected: int) -> Settlement:
        if len(self.settled_faces) < expected:
            return Settlement(Fate.UNDECIDED)
        facts = [self.settled_faces[face] for face in sorted(self.settled_faces)]
        if any(fact.kind == FaceNormalized.kind() for fact in facts):
            return Settlement(Fate.IN_DATASET)
        worst = next((fact for fact in facts if fact.kind == ItemDied.kind()), facts[0])
        fate = Fate.DEAD if worst.kind == ItemDied.kind() else Fate.DROPPED
        return Settlement(fate, worst.stage, worst.reason)


class Tally:
    """The facts of one run, in any order and any number of times."""

    def __init__(self) -> None:
        self._pictures: dict[str, _Picture] = {}
        self._open_arrivals: dict[int, set[str]] = {}
        self._closed_arrivals: set[int] = set()
        self._last_arrival = 0
        self.settled = 0

    @property
    def memory(self) -> int:
        """Bytes of memory that the tally takes, roughly."""
        return _BYTES * len(self._pictures)

    def add(self, item: str, fact: Fact) -> bool:
        """Add a fact about an item (an entry, `entry.face`, or `run`, no picture); return whether it is news."""
        entry, _, face = item.partition(".")
        if entry == "run":
            return False
        picture = self._pictures.get(entry)
        if picture is None:
            picture = self._pictures[entry] = _Picture(None, None, None, None, {})
        was_settled = picture.is_settled
        news = picture.add(int(face) if face else None, fact)
        self.settled += picture.is_settled - was_settled
        return self._note_arrival(entry, fact) or news

    def _note_arrival(self, entry: str, fact: Fact) -> bool:
        if fact.kind not in _JUDGES or fact.number in self._closed_arrivals:
            return False
        decided = self._open_arrivals.setdefault(fact.number, set())
        decided.add(entry)
        if len(decided) < fact.decisions:
            return False
        del self._open_arrivals[fact.number]
        self._closed_arrivals.add(fact.number)
        self._last_arrival = max(self._last_arrival, fact.number)
        return True

    def is_complete(self, entries: int) -> bool:
        """Return whether all known pictures, at least `entries`, are settled and no decision of the deduper is due."""
        judged = not self._open_arrivals and len(self._closed_arrivals) == self._last_arrival
        return judged and self.settled == len(self._pictures) >= entries

    def unsettled(self) -> set[str]:
        """Return the entries whose fate is open, and those of arrivals of which not every decision is known."""
        waiting = {entry for entries in self._open_arrivals.values() for entry in entries}
        return waiting | {entry for entry, picture in self._pictures.items() if not picture.is_settled}

    def settlement(self, entry: str) -> Settlement:
        """Return one picture's fate as far as it is known."""
        picture = self._pictures.get(entry)
        return picture.settlement() if picture else Settlement(Fate.UNDECIDED)

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield the entry and number of every face that belongs into the data set."""
        for entry, picture in self._pictures.items():
            if picture.settlement().fate is Fate.IN_DATASET:
                normalized = (f for f, fact in picture.settled_faces.items() if fact.kind == FaceNormalized.kind())
                yield from ((entry, face) for face in normalized)

    def counts(self) -> Counter[Settlement]:
        """Count the pictures by settlement; the counts add up to the number of pictures."""
        return Counter(picture.settlement() for picture in self._pictures.values())

    def entries(self) -> Iterable[str]:
        """Return all entries that any fact has been about."""
        return self._pictures.keys()
