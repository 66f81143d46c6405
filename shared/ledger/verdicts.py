"""Writes and reads what a person has decided about pictures of a character: a log that is only added to, by content.

A verdict holds in every run of the character, also in later ones and with other settings. It is undone by a later one.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contract import keys
from shared.contract.errors import NotFound, Poison, Unreadable
from shared.contract.messages import Count, Decision, Digest, PairDecision, PairGiven
from shared.contract.objects import Objects
from shared.ledger.records import read_record

_REMEDY = "Mend it, or delete it and all later ones; then run again"

Subject = tuple[str, int | None] | frozenset[str]
"""The digest of an original and the number of a face, None for the whole picture; or the digests of two originals."""


class Verdict(BaseModel):
    """A decision about an original, or about face number `face` of it: who has made it, when (UTC) and why.

    A `PairDecision` is about two originals, `image` and `other`.
    """

    model_config = ConfigDict(frozen=True)

    image: Digest
    face: Count | None = None
    other: Digest | None = None
    decision: Decision | PairDecision
    who: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    why: str = ""

    @model_validator(mode="after")
    def _is_about_a_pair_or_not(self) -> Self:
        is_pair = isinstance(self.decision, PairDecision)
        if is_pair != (self.other is not None) or (is_pair and self.face is not None) or self.image == self.other:
            raise ValueError("`other` is the other one of two originals, of whose faces nothing is said")
        return self

    @property
    def subject(self) -> Subject:
        """The original, face or pair of originals that the verdict is about."""
        return (self.image, self.face) if self.other is None else frozenset((self.image, self.other))

    def pair_given(self, run: str, number: int) -> PairGiven:
        """Return the message of verdict `number`, about two originals, to a run."""
        about = {"run": run, "number": number, **self.model_dump(include={"image", "other", "decision"})}
        return PairGiven.model_validate(about)


def give(store: Objects, character: str, verdict: Verdict) -> int:
    """Append a verdict to a character's log and return its number, from 1."""
    (number,) = give_all(store, character, [verdict])
    return number


def give_all(store: Objects, character: str, verdicts: Iterable[Verdict]) -> list[int]:
    """Append verdicts to a character's log and return their numbers, from 1, in order."""
    number = max((number for number, _ in given(store, character)), default=0)
    numbers = []
    for verdict in verdicts:
        data = verdict.model_dump_json(indent=1).encode()
        number += 1
        while not store.put_new(keys.verdict(character, number), data):
            number += 1
        numbers.append(number)
    return numbers


def read_verdict(store: Objects, character: str, number: int) -> Verdict:
    """Return a verdict of a character's log; raises `NotFound` and `Unreadable`."""
    return read_record(store, keys.verdict(character, number), Verdict, _REMEDY)


def given(store: Objects, character: str, after: int = 0) -> Iterator[tuple[int, Verdict]]:
    """Yield number and verdict of a character's log behind number `after`, in order; raises `Unreadable`."""
    for number in count(after + 1):
        try:
            yield number, read_verdict(store, character, number)
        except NotFound:
            return


def check_whole(store: Objects, character: str) -> None:
    """Raise `Unreadable` if a verdict of a character's log is missing before another: those after it would not hold."""
    numbers = []
    for key in store.list(keys.verdict(character)):
        with suppress(Poison):  # a stray file in the store's folder
            numbers.append(keys.parse_verdict(key))
    missing = set(range(1, max(numbers, default=0) + 1)) - set(numbers)
    if missing:
        key = keys.verdict(character, min(missing))
        raise Unreadable(
            f"{key} is missing, and verdicts after it are there", "Bring it back, or delete the later ones"
        )


class Verdicts:
    """The verdicts that stand, by what they are about, as far as the log has been read."""

    def __init__(self, character: str) -> None:
        self._character = character
        self._read_to = 0
        self._standing: dict[Subject, tuple[int, Verdict]] = {}

    def read(self, store: Objects) -> None:
        """Read what has been added to the log since."""
        for number, verdict in given(store, self._character, self._read_to):
            self._standing[verdict.subject] = (number, verdict)
            self._read_to = number

    def about(self, image: str, face: int | None) -> tuple[int, Verdict] | None:
        """Return number and verdict about an original or a face of it, None without one."""
        return self._standing.get((image, face))

    def pairs(self) -> Iterator[tuple[int, Verdict]]:
        """Yield number and verdict of all that stand about two originals."""
        return (each for each in self._standing.values() if each[1].other is not None)
