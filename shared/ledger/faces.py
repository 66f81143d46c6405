"""The faces of a tally's pictures: what stages, the deduper's second pass and a person have said about each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from shared.contract.facts import FaceFact
from shared.contract.messages import Decision, FaceNormalized, FaceSuperseded, ItemDied, VerdictGiven
from shared.contract.person_messages import BY_HAND, NEW_FACES
from shared.contract.reasons import Reason
from shared.ledger.columns import FACE, NONE, Codes, Columns, note_first
from shared.ledger.fates import PERSON, UNDECIDED, Fate, Settlement
from shared.ledger.outcomes import FACE_OUTCOMES, Cause, prevails, settled_by


@dataclass(slots=True)
class _ByHand:
    """Outcomes of the boxes that a person has given of a face.

    `outcome` is the code of the latest and `revision` that of its box; bits of `noted` are kinds of facts that decide
    nothing, about the box of the revision `noted_of`. Few faces have any.
    """

    outcome: int = NONE
    revision: int = 0
    noted: int = 0
    noted_of: int = 0


class Faces:
    """Faces by row of `columns`; those of a picture are chained from its row of `pictures` on.

    `by_hand` is of an earlier tally's `content_by_hand`.
    """

    def __init__(
        self,
        pictures: Columns,
        causes: Codes[Cause],
        content: Mapping[str, bytes],
        by_hand: Mapping[str, Sequence[int]],
    ) -> None:
        self.columns = Columns(FACE, content)
        self._by_hand = {int(row): _ByHand(*numbers) for row, numbers in by_hand.items()}
        self._pictures = pictures
        self._causes = causes

    def content_by_hand(self) -> dict[str, tuple[int, ...]]:
        """Return what has been made of boxes by hand, by row of their faces, fit for JSON."""
        return {str(row): astuple(each) for row, each in self._by_hand.items()}

    def row(self, picture: int, number: int) -> int:
        """Return the row of a face, a new one if it has none."""
        for face in self.of(picture):
            if self.columns.number[face] == number:
                return face
        face = self.columns.append()
        self.columns.number[face] = number
        self.columns.next_face[face], self._pictures.first_face[picture] = self._pictures.first_face[picture], face + 1
        return face

    def of(self, picture: int) -> Iterator[int]:
        """Yield the rows of a picture's faces."""
        following = self._pictures.first_face[picture]
        while following:
            yield following - 1
            following = self.columns.next_face[following - 1]

    def compare(self, face: int, fact: FaceFact) -> bool:
        """Note what the second pass has found, which is the better copy of the face, if any; the latest pass holds."""
        if fact.revision <= self.columns.compared[face]:
            return False
        superseded = fact.kind == FaceSuperseded.kind()
        self.columns.compared[face] = fact.revision
        self.columns.duplicate[face] = self._causes.of((fact.kind, fact.stage, fact.reason)) if superseded else NONE
        return True

    def note_kind(self, face: int, kind: int, revision: int) -> bool:
        """Note that a fact of a kind (by its code) that decides nothing has come; return whether it is news.

        Of boxes by hand only the latest counts.
        """
        if revision < BY_HAND:
            return note_first(self.columns.noted, face, kind)
        hand = self._by_hand.setdefault(face, _ByHand())
        if revision < hand.noted_of:
            return False
        if revision > hand.noted_of:
            hand.noted_of, hand.noted = revision, 0
        is_first = not hand.noted & 1 << kind
        hand.noted |= 1 << kind
        return is_first

    def note_outcome(self, face: int, fact: FaceFact) -> bool:
        """Note an outcome if it goes before the one that is known; return whether it does.

        What was made of a box by hand is noted beside the rest: a person can go back to that.
        """
        columns, is_by_hand = self.columns, fact.revision >= BY_HAND
        hand = self._by_hand.setdefault(face, _ByHand()) if is_by_hand else None
        outcome, revision = (hand.outcome, hand.revision) if hand else (columns.outcome[face], columns.revision[face])
        known = None if outcome == NONE else self._causes[outcome]
        if not prevails(fact, FACE_OUTCOMES, revision, known):
            return False
        code = self._causes.of((fact.kind, fact.stage, fact.reason))
        if hand:
            hand.outcome, hand.revision = code, fact.revision
        else:
            columns.outcome[face], columns.revision[face] = code, fact.revision
        return True

    def note_verdict(self, face: int, fact: FaceFact) -> bool:
        """Note a person's verdict if it is later than the one that is known; return whether it is."""
        columns = self.columns
        if fact.revision <= columns.verdict[face]:
            return False
        columns.verdict[face], columns.rejected[face] = fact.revision, fact.reason == Decision.DROP
        columns.boxed[face] = fact.reason == Decision.BOX
        return True

    def outcome(self, face: int) -> int:
        """Return the code of what has become of a face: of the box by hand where one stands; NONE if that is open."""
        columns = self.columns
        if not columns.boxed[face]:
            return columns.outcome[face]
        hand = self._by_hand.get(face)
        return hand.outcome if hand and hand.revision == BY_HAND + columns.verdict[face] else NONE

    def revision(self, face: int) -> int:
        """Return the revision of that."""
        hand = self._by_hand.get(face) if self.columns.boxed[face] else None
        return hand.revision if hand else self.columns.revision[face]

    def boxed(self, picture: int) -> list[int]:
        """Return the faces of a picture of which a box by hand stands."""
        return [face for face in self.of(picture) if self.columns.boxed[face]]

    def verdicts(self, picture: int) -> dict[int, tuple[int, bool]]:
        """Return `Tally.verdicts_about` of a picture."""
        columns, found = self.columns, [face for face in self.of(picture) if self.columns.verdict[face]]
        due = {face for face in found if columns.boxed[face] and self.outcome(face) == NONE}
        return {columns.number[face]: (columns.verdict[face], face in due) for face in found}

    def is_there(self, face: int) -> bool:
        """Return whether anything speaks for a face: one that a person has found may have been taken back."""
        return self.columns.number[face] < NEW_FACES or bool(self.columns.boxed[face] or self.columns.rejected[face])

    def is_candidate(self, face: int) -> bool:
        """Return whether a face is ready for the data set, whatever the second pass says."""
        code = self.outcome(face)
        return code != NONE and not self.columns.rejected[face] and self._causes[code][0] == FaceNormalized.kind()

    def is_member(self, face: int) -> bool:
        """Return whether a face belongs into the data set."""
        return self.is_candidate(face) and self.columns.duplicate[face] == NONE

    def members(self, picture: int) -> list[int]:
        """Return the faces of a picture that belong into the data set."""
        return [face for face in self.of(picture) if self.is_member(face)]

    def candidates(self, picture: int) -> list[int]:
        """Return the faces of a picture that belong into the data set unless the second pass finds better copies."""
        return [face for face in self.of(picture) if self.is_candidate(face)]

    def fate(self, face: int) -> Settlement:
        """Return a face's fate as far as it is known."""
        if self.outcome(face) == NONE and not (self.columns.rejected[face] and self.columns.number[face] >= NEW_FACES):
            return UNDECIDED
        return Settlement(Fate.IN_DATASET) if self.is_member(face) else settled_by(*self._cause(face))

    def fates(self, picture: int) -> Iterator[tuple[int, Settlement]]:
        """Yield number and fate of each face of a picture, in order of the numbers."""
        for face in sorted(filter(self.is_there, self.of(picture)), key=self.columns.number.__getitem__):
            yield self.columns.number[face], self.fate(face)

    def fate_of_picture(self, picture: int) -> Settlement:
        """Return the fate of a picture that its faces decide: open until as many are known as were counted.

        Those of which boxes by hand stand are not counted if no detector has found them, and are waited for.
        """
        settled = [face for face in self.of(picture) if self.outcome(face) != NONE]
        found = [face for face in settled if self.columns.number[face] < NEW_FACES]
        if len(found) < self._pictures.faces[picture] or not set(self.boxed(picture)) <= set(settled):
            return UNDECIDED
        if any(self.is_member(face) for face in settled):
            return Settlement(Fate.IN_DATASET)
        causes = [self._cause(face) for face in sorted(settled, key=lambda face: self.columns.number[face])]
        return settled_by(*next((cause for cause in causes if cause[0] == ItemDied.kind()), causes[0]))

    def _cause(self, face: int) -> Cause:
        """Return what keeps a face out of the data set."""
        if self.columns.rejected[face]:
            return VerdictGiven.kind(), PERSON, Reason.REJECTED
        duplicate = self.columns.duplicate[face]
        return self._causes[duplicate if duplicate != NONE and self.is_candidate(face) else self.outcome(face)]
