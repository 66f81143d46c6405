"""What has become of every picture of a run: facts in, exactly one fate per picture out.

The facts may come in any order and any number of times. Of what stages say about a picture the fact with the highest
revision holds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from shared.contract.facts import FaceFact, Fact, ImageFact, RunFact
from shared.contract.messages import (
    FaceDropped,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    ImageSuperseded,
    ItemDied,
)
from shared.ledger.arrivals import Arrivals
from shared.ledger.columns import NONE, Codes, Columns, Entries
from shared.ledger.fates import UNDECIDED, Fate, Settlement

Cause = tuple[str, str, str]
"""Kind, stage and reason of a fact."""

_JUDGES = {ImageKept.kind(), ImageSuperseded.kind()}
_OUTCOMES = {ItemDied.kind(): 0, FacesCounted.kind(): 1, ImageDropped.kind(): 2}
_FACE_OUTCOMES = {ItemDied.kind(): 0, FaceDropped.kind(): 1, FaceNormalized.kind(): 2}
"""What a stage makes of a picture or a face; of several at one revision the one with the highest number holds."""

_PICTURE = {
    "told": "I",
    "judgement": "H",
    "arrival": "I",
    "outcome": "H",
    "revision": "I",
    "faces": "I",
    "settlement": "H",
    "members": "I",
    "first_face": "I",
}
_FACE = {
    "number": "I",
    "told": "I",
    "outcome": "H",
    "revision": "I",
    "next_face": "I",
}


class Tally:
    """The facts of one run. `settled` of its pictures have a fate; `faces` of their faces belong into the data set."""

    def __init__(self) -> None:
        self._kinds = Codes[str]()
        self._causes = Codes[Cause]()
        self._settlements = Codes[Settlement]()
        self._arrivals = Arrivals()
        self._entries = Entries()
        self._pictures = Columns(_PICTURE)
        self._faces = Columns(_FACE)
        self._fates = Counter[int]()
        self.settled = 0
        self.faces = 0

    @property
    def memory(self) -> int:
        """Bytes of memory that the tally takes, roughly."""
        return self._entries.memory + self._pictures.memory + self._faces.memory

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, fact: Fact) -> bool:
        """Add a fact; return whether it is news about a picture or a face."""
        if isinstance(fact, RunFact):
            return False
        row = self._entries.find(fact.entry)
        if row is None:
            row = self._entries.add(fact.entry)
            self._pictures.append()
            self._settle(row)
        news = self._add_image(row, fact) if isinstance(fact, ImageFact) else self._add_face(row, fact)
        if news:
            self._settle(row)
        return news

    def is_complete(self, entries: int) -> bool:
        """Return whether all known pictures, at least `entries`, are settled and no decision of the deduper is due."""
        return self.settled == len(self._entries) >= entries and self._arrivals.all_known

    def unsettled(self) -> set[str]:
        """Return the entries whose fate is open, and those of arrivals of which not every decision is known."""
        codes = self._pictures.settlement
        undecided = {entry for row, entry in enumerate(self._entries) if not self._is_fate(codes[row])}
        return undecided | self._arrivals.awaited()

    def settlement(self, entry: str) -> Settlement:
        """Return one picture's fate as far as it is known."""
        row = self._entries.find(entry)
        return UNDECIDED if row is None else self._settlements[self._pictures.settlement[row]]

    def revision(self, entry: str) -> int:
        """Return the revision of what a stage has made of a picture; 0 where nothing is known."""
        row = self._entries.find(entry)
        return 0 if row is None else self._pictures.revision[row]

    def members(self) -> Iterator[tuple[str, int, int]]:
        """Yield entry, number and revision of every face that belongs into the data set."""
        for row, entry in enumerate(self._entries):
            if self._pictures.members[row]:
                for face in self._member_faces(row):
                    yield entry, self._faces.number[face], self._faces.revision[face]

    def counts(self) -> Counter[Settlement]:
        """Count the pictures by settlement; the counts add up to the number of pictures."""
        return Counter({self._settlements[code]: count for code, count in self._fates.items() if count})

    def entries(self) -> Iterable[str]:
        """Return all entries that any fact has been about."""
        return iter(self._entries)

    def _is_fate(self, code: int) -> bool:
        return self._settlements[code].fate is not Fate.UNDECIDED

    def _add_image(self, row: int, fact: ImageFact) -> bool:
        pictures = self._pictures
        if fact.kind in _JUDGES:
            changed = self._judge(row, fact)
            return self._arrivals.note(fact.revision, fact.entry, fact.decisions) or changed
        if fact.kind not in _OUTCOMES:
            return self._is_first(pictures, row, fact.kind)
        if not self._prevails(pictures, row, fact, _OUTCOMES) and not self._counts_more(row, fact):
            return False
        pictures.faces[row] = fact.faces
        return True

    def _counts_more(self, row: int, fact: ImageFact) -> bool:
        """Return whether a fact is the one that is known, but with more faces: the larger of two counts holds."""
        pictures, cause = self._pictures, (fact.kind, fact.stage, fact.reason)
        is_known = (pictures.revision[row], self._causes[pictures.outcome[row]]) == (fact.revision, cause)
        return is_known and fact.faces > pictures.faces[row]

    def _judge(self, row: int, fact: ImageFact) -> bool:
        """Note a judgement if it goes before the one that is known; return whether it does."""
        pictures, cause = self._pictures, (fact.kind, fact.stage, fact.reason)
        code = pictures.judgement[row]
        if code != NONE and (fact.revision, cause) <= (pictures.arrival[row], self._causes[code]):
            return False
        pictures.judgement[row], pictures.arrival[row] = self._causes.of(cause), fact.revision
        return True

    def _add_face(self, row: int, fact: FaceFact) -> bool:
        face = self._face(row, fact.face)
        if fact.kind not in _FACE_OUTCOMES:
            return self._is_first(self._faces, face, fact.kind)
        return self._prevails(self._faces, face, fact, _FACE_OUTCOMES)

    def _is_first(self, rows: Columns, row: int, kind: str) -> bool:
        """Note that something was told that decides nothing; return whether it is for the first time."""
        bit = 1 << self._kinds.of(kind)
        first = not rows.told[row] & bit
        rows.told[row] |= bit
        return first

    def _prevails(self, rows: Columns, row: int, fact: ImageFact | FaceFact, outcomes: dict[str, int]) -> bool:
        """Note an outcome if it goes before the one that is known; return whether it does."""
        cause: Cause = (fact.kind, fact.stage, fact.reason)
        if rows.outcome[row] != NONE:
            known = self._causes[rows.outcome[row]]
            if (fact.revision, outcomes[fact.kind], cause) <= (rows.revision[row], outcomes[known[0]], known):
                return False
        rows.outcome[row], rows.revision[row] = self._causes.of(cause), fact.revision
        return True

    def _face(self, row: int, number: int) -> int:
        """Return the row of a face, a new one if it has none."""
        for face in self._faces_of(row):
            if self._faces.number[face] == number:
                return face
        face = self._faces.append()
        self._faces.number[face] = number
        self._faces.next_face[face], self._pictures.first_face[row] = self._pictures.first_face[row], face + 1
        return face

    def _faces_of(self, row: int) -> Iterator[int]:
        following = self._pictures.first_face[row]
        while following:
            yield following - 1
            following = self._faces.next_face[following - 1]

    def _member_faces(self, row: int) -> Iterator[int]:
        return (face for face in self._faces_of(row) if self._is_member(face))

    def _is_member(self, face: int) -> bool:
        code = self._faces.outcome[face]
        return code != NONE and self._causes[code][0] == FaceNormalized.kind()

    def _settle(self, row: int) -> None:
        """Find a picture's fate anew, and count it."""
        pictures, before = self._pictures, self._pictures.settlement[row]
        found = self._found(row)
        code = self._settlements.of(found)
        members = sum(1 for _ in self._member_faces(row)) if found.fate is Fate.IN_DATASET else 0
        if before != code:
            self._fates[code] += 1
            self.settled += found.fate is not Fate.UNDECIDED
            if before != NONE:
                self._fates[before] -= 1
                self.settled -= self._is_fate(before)
        self.faces += members - pictures.members[row]
        pictures.settlement[row], pictures.members[row] = code, members

    def _found(self, row: int) -> Settlement:
        pictures = self._pictures
        if pictures.judgement[row] != NONE:
            kind, stage, reason = self._causes[pictures.judgement[row]]
            if kind == ImageSuperseded.kind():
                return Settlement(Fate.DROPPED, stage, reason)
        if pictures.outcome[row] == NONE:
            return UNDECIDED
        kind, stage, reason = self._causes[pictures.outcome[row]]
        if kind == FacesCounted.kind():
            return self._fate_of_faces(row)
        return Settlement(Fate.DEAD if kind == ItemDied.kind() else Fate.DROPPED, stage, reason)

    def _fate_of_faces(self, row: int) -> Settlement:
        settled = [face for face in self._faces_of(row) if self._faces.outcome[face] != NONE]
        if len(settled) < self._pictures.faces[row]:
            return UNDECIDED
        if any(self._is_member(face) for face in settled):
            return Settlement(Fate.IN_DATASET)
        settled.sort(key=lambda face: self._faces.number[face])
        causes = [self._causes[self._faces.outcome[face]] for face in settled]
        kind, stage, reason = next((cause for cause in causes if cause[0] == ItemDied.kind()), causes[0])
        return Settlement(Fate.DEAD if kind == ItemDied.kind() else Fate.DROPPED, stage, reason)
