"""The faces of a tally's pictures: what stages, the deduper's second pass and a person have said about each."""

from collections.abc import Iterator, Mapping

from shared.contract.facts import FaceFact
from shared.contract.messages import FaceNormalized, FaceSuperseded, ItemDied, VerdictGiven
from shared.contract.reasons import Reason
from shared.ledger.columns import FACE, NONE, Codes, Columns
from shared.ledger.fates import PERSON, UNDECIDED, Fate, Settlement
from shared.ledger.outcomes import Cause, settled_by


class Faces:
    """Faces by row of `columns`; those of a picture are chained from its row of `pictures` on."""

    def __init__(self, pictures: Columns, causes: Codes[Cause], content: Mapping[str, bytes]) -> None:
        self.columns = Columns(FACE, content)
        self._pictures = pictures
        self._causes = causes

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

    def is_candidate(self, face: int) -> bool:
        """Return whether a face is ready for the data set, whatever the second pass says."""
        code = self.columns.outcome[face]
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
        if self.columns.outcome[face] == NONE:
            return UNDECIDED
        return Settlement(Fate.IN_DATASET) if self.is_member(face) else settled_by(*self._cause(face))

    def fate_of_picture(self, picture: int) -> Settlement:
        """Return the fate of a picture that its faces decide: open until as many are known as were counted."""
        settled = [face for face in self.of(picture) if self.columns.outcome[face] != NONE]
        if len(settled) < self._pictures.faces[picture]:
            return UNDECIDED
        if any(self.is_member(face) for face in settled):
            return Settlement(Fate.IN_DATASET)
        causes = [self._cause(face) for face in sorted(settled, key=lambda face: self.columns.number[face])]
        return settled_by(*next((cause for cause in causes if cause[0] == ItemDied.kind()), causes[0]))

    def _cause(self, face: int) -> Cause:
        """Return what keeps a face out of the data set."""
        if self.columns.rejected[face]:
            return VerdictGiven.kind(), PERSON, Reason.REJECTED
        outcome, duplicate = self.columns.outcome[face], self.columns.duplicate[face]
        return self._causes[duplicate if duplicate != NONE and self.is_candidate(face) else outcome]
