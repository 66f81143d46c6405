"""Writes and reads what a person has decided about pictures of a character: a log that is only added to, by content.

A verdict holds in every run of the character, also in later ones and with other settings. It is undone by a later one.
"""

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contract import keys
from shared.contract.errors import NotFound, Poison, Unreadable
from shared.contract.messages import Count, Decision, Digest, PairDecision, PairGiven, VerdictGiven
from shared.contract.objects import Objects
from shared.contract.person_messages import Degrees, HandBox
from shared.ledger.records import decoded

_REMEDY = "Mend it, or delete it and all later ones; then run again"

Subject = tuple[str, int | None] | frozenset[str]
"""The digest of an original and the number of a face, None for the whole picture; or the digests of two originals."""


_TOLD = {"image", "decision", "box", "angle"}
"""Fields of a verdict that a run is told."""


class Verdict(BaseModel):
    """A decision about an original, or about face number `face` of it: who has made it, when (UTC) and why.

    A `PairDecision` is about two originals, `image` and `other`. `Decision.BOX` gives the `box` of a face, turned by
    `angle`, and that of the crop that it is `instead_of`, None where no detector had cut one out. `export` names the
    export of a review that the verdict has come back with, if any, and `prune` the prune that it is part of.
    """

    model_config = ConfigDict(frozen=True)

    image: Digest
    face: Count | None = None
    other: Digest | None = None
    decision: Decision | PairDecision
    who: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    why: str = ""
    box: HandBox | None = Field(default=None, exclude_if=operator.not_)
    angle: Degrees = 0.0
    instead_of: HandBox | None = Field(default=None, exclude_if=operator.not_)
    export: str = Field(default="", exclude_if=operator.not_)
    prune: str = Field(default="", exclude_if=operator.not_)

    @model_validator(mode="after")
    def _is_about_a_pair_or_not(self) -> Self:
        is_pair = isinstance(self.decision, PairDecision)
        if is_pair != (self.other is not None) or (is_pair and self.face is not None) or self.image == self.other:
            raise ValueError("`other` is the other one of two originals, of whose faces nothing is said")
        return self

    @model_validator(mode="after")
    def _has_a_box_or_not(self) -> Self:
        is_box = self.decision is Decision.BOX
        if is_box != (self.box is not None) or (is_box and self.face is None) or (self.angle and not is_box):
            raise ValueError("a verdict `box`, and no other, has the box of a face")
        return self

    @property
    def place(self) -> HandBox | None:
        """The place in the original by which the face is known in other runs; None if the verdict gives none."""
        return self.instead_of or self.box

    @property
    def subject(self) -> Subject:
        """The original, face or pair of originals that the verdict is about."""
        return (self.image, self.face) if self.other is None else frozenset((self.image, self.other))

    def given(self, run: str, entry: str, number: int, face: int | None = None) -> VerdictGiven:
        """Return the message of verdict `number` to a run, about an entry, where it may be about another `face`."""
        about = {"run": run, "entry": entry, "number": number, **self.model_dump(include=_TOLD)}
        return VerdictGiven.model_validate({**about, "face": self.face if face is None else face})

    def pair_given(self, run: str, number: int) -> PairGiven:
        """Return the message of verdict `number`, about two originals, to a run."""
        about = {"run": run, "number": number, **self.model_dump(include={"image", "other", "decision"})}
        return PairGiven.model_validate(about)


MOST_AT_ONCE = 1000
"""Verdicts in one object at most."""


class _Several(BaseModel):
    """Verdicts that were given at once, with the numbers from that of their object on."""

    verdicts: Annotated[tuple[Verdict, ...], Field(min_length=1)]


def _object_of(verdicts: Sequence[Verdict]) -> bytes:
    """Encode what stands under one key: a verdict as it is, or several."""
    record = verdicts[0] if len(verdicts) == 1 else _Several(verdicts=tuple(verdicts))
    return record.model_dump_json(indent=1).encode()


def give(store: Objects, character: str, verdict: Verdict) -> int:
    """Append a verdict to a character's log and return its number, from 1."""
    (number,) = give_all(store, character, [verdict])
    return number


def give_all(store: Objects, character: str, verdicts: Iterable[Verdict]) -> list[int]:
    """Append verdicts to a character's log, many in one object, and return their numbers, from 1, in order."""
    last, numbers, all_of_them = _last(store, character), list[int](), list(verdicts)
    for start in range(0, len(all_of_them), MOST_AT_ONCE):
        together = all_of_them[start : start + MOST_AT_ONCE]
        data = _object_of(together)
        while not store.put_new(keys.verdict(character, last + 1), data):
            last = _last(store, character, last)  # somebody else was faster
        numbers += range(last + 1, last + 1 + len(together))
        last = numbers[-1]
    return numbers


def _last(store: Objects, character: str, after: int = 0) -> int:
    return max((number for number, _ in given(store, character, after)), default=after)


def read_verdicts(store: Objects, character: str, number: int) -> tuple[Verdict, ...]:
    """Return the verdicts of a character's log from `number` on that were given at once.

    Raises `NotFound` where no object has that number, and `Unreadable`.
    """
    key = keys.verdict(character, number)
    content = store.get(key)
    if b'"verdicts"' in content[:20]:
        return decoded(key, content, _Several, _REMEDY).verdicts
    return (decoded(key, content, Verdict, _REMEDY),)


def given(store: Objects, character: str, after: int = 0) -> Iterator[tuple[int, Verdict]]:
    """Yield number and verdict of a character's log behind number `after`, in order; raises `Unreadable`.

    `after` is 0 or a number at which the log has ended before.
    """
    number = after + 1
    while True:
        try:
            found = read_verdicts(store, character, number)
        except NotFound:
            return
        yield from enumerate(found, number)
        number += len(found)


def check_whole(store: Objects, character: str) -> None:
    """Raise `Unreadable` if a verdict of a character's log is missing before another: those after it would not hold."""
    numbers = []
    for key in store.list(keys.verdict(character)):
        with suppress(Poison):  # a stray file in the store's folder
            numbers.append(keys.parse_verdict(key))
    due = 1
    for number in sorted(numbers):
        if number > due:
            key = keys.verdict(character, due)
            raise Unreadable(
                f"{key} is missing, and verdicts after it are there", "Bring it back, or delete the later ones"
            )
        due += len(read_verdicts(store, character, number))


class Verdicts:
    """The verdicts that stand, by what they are about, as far as the log has been read."""

    def __init__(self, character: str) -> None:
        self._character = character
        self._read_to = 0
        self._standing: dict[Subject, tuple[int, Verdict]] = {}
        self._places: dict[str, dict[int, HandBox]] = {}
        self._boxes: dict[int, Verdict] = {}

    def read(self, store: Objects) -> None:
        """Read what has been added to the log since."""
        for number, verdict in given(store, self._character, self._read_to):
            self._standing[verdict.subject] = (number, verdict)
            if verdict.place is not None and verdict.face is not None:
                self._places.setdefault(verdict.image, {})[verdict.face] = verdict.place
            if verdict.decision is Decision.BOX:
                self._boxes[number] = verdict
            self._read_to = number

    def about(self, image: str, face: int | None) -> tuple[int, Verdict] | None:
        """Return number and verdict about an original or a face of it, None without one."""
        return self._standing.get((image, face))

    def places(self, image: str) -> Mapping[int, HandBox]:
        """Return the faces of an original that a person has ever given boxes of: their places by number."""
        return self._places.get(image, {})

    def box(self, number: int) -> Verdict | None:
        """Return the verdict with this number if it gives a box and stands."""
        found = self._boxes.get(number)
        return found if found is not None and self._standing[found.subject][0] == number else None

    def boxes(self, image: str) -> Iterator[tuple[int, Verdict]]:
        """Yield number and verdict of the boxes by hand that stand in an original."""
        for face in self.places(image):
            number, verdict = self._standing[image, face]
            if verdict.decision is Decision.BOX:
                yield number, verdict

    def __iter__(self) -> Iterator[tuple[int, Verdict]]:
        """Iterate over number and verdict of all that stand."""
        return iter(self._standing.values())

    def pairs(self) -> Iterator[tuple[int, Verdict]]:
        """Yield number and verdict of all that stand about two originals."""
        return (each for each in self if each[1].other is not None)
