"""What has become of every picture of a run: facts in, exactly one fate per picture out.

The facts may come in any order and any number of times. Of what stages say about a picture the fact with the highest
revision holds; a person's verdict goes before all of them.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from shared.contract.facts import FaceFact, ImageFact
from shared.contract.messages import (
    Decision,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    ImageSuperseded,
    VerdictGiven,
)
from shared.contract.reasons import Reason
from shared.ledger import outcomes
from shared.ledger.arrivals import Arrivals
from shared.ledger.columns import NONE, PICTURE, Codes, Columns, Entries, below, note_first
from shared.ledger.faces import Faces
from shared.ledger.fates import PERSON, UNDECIDED, Fate, Settlement
from shared.ledger.keepers import Keepers
from shared.ledger.outcomes import COMPARED, DECIDERS, JUDGES, OUTCOMES, Cause, prevails, settled_by


class Tally:
    """The facts of one run.

    `settled` of its pictures have a fate; `faces` of their faces belong into the data set, of `candidate_faces` that do
    unless the deduper's second pass finds better copies. `changes` grows whenever the former may have changed, and
    `candidate_changes` whenever the latter may. A tally can be made of the `content` of another; raises `ValueError`,
    `KeyError` or `TypeError` if that is none.
    """

    def __init__(self, meta: Mapping[str, Any] | None = None, columns: Mapping[str, bytes] | None = None) -> None:
        meta, columns = meta or {}, columns or {}
        self._kinds = Codes[str](meta.get("kinds", ()))
        self._causes = Codes[Cause](tuple(cause) for cause in meta.get("causes", ()))
        self._settlements = Codes[Settlement](Settlement(Fate(f), *rest) for f, *rest in meta.get("settlements", ()))
        self._arrivals = Arrivals(meta.get("arrivals"))
        self._entries = Entries(columns.get("entries", b""))
        self._pictures = Columns(PICTURE, below("picture", columns))
        self._faces = Faces(self._pictures, self._causes, below("face", columns), meta.get("by_hand", {}))
        self._fates = Counter[int](self._pictures.settlement)
        self.settled = sum(count for code, count in self._fates.items() if self._is_fate(code))
        self.faces = sum(self._pictures.members)
        self.candidate_faces = sum(self._pictures.candidates)
        self.changes = int(meta.get("changes", 0))
        self.candidate_changes = int(meta.get("candidate_changes", 0))
        self._keepers = Keepers(self._pictures, self._fate_if_kept)

    def content(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what the same tally can be made of: a value fit for JSON, and bytes by name."""
        meta = {
            "kinds": self._kinds.values,
            "causes": self._causes.values,
            "settlements": [(each.fate, each.stage, each.reason) for each in self._settlements.values],
            "arrivals": self._arrivals.content(),
            "changes": self.changes,
            "candidate_changes": self.candidate_changes,
            "by_hand": self._faces.content_by_hand(),
        }
        parts = (("picture", self._pictures.content()), ("face", self._faces.columns.content()))
        columns = {f"{part}-{name}": column for part, content in parts for name, column in content.items()}
        return meta, {"entries": self._entries.content(), **columns}

    @property
    def memory(self) -> int:
        """Bytes of memory that the tally takes, roughly."""
        return self._entries.memory + self._pictures.memory + self._faces.columns.memory

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, entry: str) -> bool:
        return entry in self._entries

    def __iter__(self) -> Iterator[str]:
        """Iterate over all entries that any fact has been about."""
        return iter(self._entries)

    def add(self, fact: ImageFact | FaceFact) -> bool:
        """Add a fact; return whether it is news."""
        row = self._row(fact.entry)
        news = self._add_image(row, fact) if isinstance(fact, ImageFact) else self._add_face(row, fact)
        if news and fact.kind in DECIDERS:
            self._settle(row)
        return news

    def is_complete(self) -> bool:
        """Return whether all known pictures are settled and no decision of the deduper is due."""
        return self.settled == len(self._entries) and self._arrivals.all_known and not self._keepers.unreported

    def unsettled(self) -> set[str]:
        """Return the entries whose fate is open, and those that a decision of the deduper is due about."""
        codes = self._pictures.settlement
        unreported, rows = self._keepers.unreported, enumerate(self._entries)
        undecided = {entry for row, entry in rows if row in unreported or not self._is_fate(codes[row])}
        return undecided | self._arrivals.awaited()

    def settled_keeper(self, entry: str) -> bool | None:
        """Return whether a picture with copies is out of the run, if the deduper does not know that yet, else None."""
        row = self._entries.find(entry)
        return not self._pictures.passed_over[row] if row is not None and row in self._keepers.unreported else None

    def settlement(self, entry: str) -> Settlement:
        """Return one picture's fate as far as it is known."""
        row = self._entries.find(entry)
        return UNDECIDED if row is None else self._settlements[self._pictures.settlement[row]]

    def fates(self, entry: str) -> Iterator[tuple[int | None, Settlement]]:
        """Yield a picture's fate, with None, or where its faces decide it, number and fate of each that is known."""
        row = self._entries.find(entry)
        if row is None or not self._is_up_to_its_faces(row):
            yield None, self.settlement(entry)
        else:
            yield from self._faces.fates(row)

    def verdicts_about(self, entry: str) -> dict[int, tuple[int, bool]]:
        """Return the number of the verdict about each face, and whether it gives a box that is still to be cut out."""
        row = self._entries.find(entry)
        return {} if row is None else self._faces.verdicts(row)

    def revision(self, entry: str) -> int:
        """Return the revision of what a stage has made of a picture; 0 where nothing is known."""
        row = self._entries.find(entry)
        return 0 if row is None else self._pictures.revision[row]

    def members(self) -> Iterator[tuple[str, int, int]]:
        """Yield entry, number and revision of every face that belongs into the data set."""
        return self._wanted(self._pictures.members, self._faces.members)

    def candidates(self) -> Iterator[tuple[str, int, int]]:
        """Yield the same of every face that does unless the deduper's second pass finds a better copy."""
        return self._wanted(self._pictures.candidates, self._faces.candidates)

    def duplicates(self) -> set[tuple[str, int]]:
        """Return entry and number of every candidate of which the second pass has found a better copy."""
        members = {(entry, number) for entry, number, _ in self.members()}
        return {(entry, number) for entry, number, _ in self.candidates()} - members

    def _wanted(self, counts: "array[int]", faces: Callable[[int], Iterable[int]]) -> Iterator[tuple[str, int, int]]:
        for row, entry in enumerate(self._entries):
            for face in faces(row) if counts[row] else ():
                yield entry, self._faces.columns.number[face], self._faces.revision(face)

    def counts(self) -> Counter[Settlement]:
        """Count the pictures by settlement; the counts add up to the number of pictures."""
        return Counter({self._settlements[code]: count for code, count in self._fates.items() if count})

    def verdicts(self) -> list[int]:
        """Return the numbers of the verdicts that hold, in order."""
        return sorted({*self._pictures.verdict, *self._faces.columns.verdict} - {NONE})

    def _is_fate(self, code: int) -> bool:
        return self._settlements[code].fate is not Fate.UNDECIDED

    def _add_image(self, row: int, fact: ImageFact) -> bool:
        pictures = self._pictures
        if fact.kind == VerdictGiven.kind():
            return self._note_verdict(row, fact)
        if fact.kind in JUDGES:
            changed = self._judge(row, fact)
            return self._arrivals.note(fact.revision, fact.entry, fact.decisions) or changed
        if fact.kind not in OUTCOMES:
            return note_first(pictures.noted, row, self._kinds.of(fact.kind))
        if not self._prevails(row, fact) and not self._counts_more(row, fact):
            return False
        pictures.faces[row] = fact.faces
        return True

    def _counts_more(self, row: int, fact: ImageFact) -> bool:
        """Return whether a fact is the one that is known, but with more faces: the larger of two counts holds."""
        pictures, cause = self._pictures, (fact.kind, fact.stage, fact.reason)
        is_known = (pictures.revision[row], self._causes[pictures.outcome[row]]) == (fact.revision, cause)
        return is_known and fact.faces > pictures.faces[row]

    def _judge(self, row: int, fact: ImageFact) -> bool:
        pictures, cause = self._pictures, (fact.kind, fact.stage, fact.reason)
        code = pictures.judgement[row]
        if code != NONE and (fact.revision, cause) <= (pictures.arrival[row], self._causes[code]):
            return False
        pictures.judgement[row], pictures.arrival[row] = self._causes.of(cause), fact.revision
        pictures.passed_over[row] = fact.passed_over
        depends = fact.keeper and fact.reason != Reason.EXACT_DUPLICATE  # the same bytes have the same fate
        self._keepers.note_copy(row, self._row(fact.keeper) if depends else None)
        return True

    def _fate_if_kept(self, row: int) -> Fate | None:
        """Return the fate of a picture that the deduper has kept, None for any other."""
        judgement = self._pictures.judgement[row]
        is_kept = judgement != NONE and self._causes[judgement][0] == ImageKept.kind()
        if is_kept and self._pictures.candidates[row]:  # its faces may have better copies: those of its copies too
            return Fate.IN_DATASET
        return self._settlements[self._pictures.settlement[row]].fate if is_kept else None

    def _add_face(self, row: int, fact: FaceFact) -> bool:
        face = self._faces.row(row, fact.face)
        if fact.kind == VerdictGiven.kind():
            return self._note_face_verdict(face, fact)
        if fact.kind in COMPARED:
            return self._faces.compare(face, fact)
        if fact.kind not in outcomes.FACE_OUTCOMES:
            return self._faces.note_kind(face, self._kinds.of(fact.kind), fact.revision)
        news = self._faces.note_outcome(face, fact)
        self._count_changes(news and fact.kind == FaceNormalized.kind())  # also when another picture takes its place
        return news

    def _note_face_verdict(self, face: int, fact: FaceFact) -> bool:
        before, news = self._faces.columns.boxed[face], self._faces.note_verdict(face, fact)
        self._count_changes(news and (bool(before) or fact.reason == Decision.BOX))
        return news

    def _count_changes(self, more: int) -> None:
        self.changes += more
        self.candidate_changes += more

    def _prevails(self, row: int, fact: ImageFact) -> bool:
        """Note what has become of a picture if it goes before what is known; return whether it does."""
        rows = self._pictures
        known = None if rows.outcome[row] == NONE else self._causes[rows.outcome[row]]
        if not prevails(fact, OUTCOMES, rows.revision[row], known):
            return False
        rows.outcome[row], rows.revision[row] = self._causes.of((fact.kind, fact.stage, fact.reason)), fact.revision
        return True

    def _note_verdict(self, row: int, fact: ImageFact) -> bool:
        pictures = self._pictures
        if fact.revision <= pictures.verdict[row]:
            return False
        pictures.verdict[row], pictures.rejected[row] = fact.revision, fact.reason == Decision.DROP
        return True

    def _row(self, entry: str) -> int:
        """Return the row of a picture, a new one if it has none."""
        row = self._entries.find(entry)
        if row is None:
            row = self._entries.add(entry)
            self._pictures.append()
            self._settle(row)
        return row

    def _settle(self, row: int) -> None:
        """Find a picture's fate anew, and count it."""
        pictures, before = self._pictures, self._pictures.settlement[row]
        found = self._found(row)
        code = self._settlements.of(found)
        members = len(self._faces.members(row)) if found.fate is Fate.IN_DATASET else 0
        is_up_to_its_faces = found.fate is not Fate.UNDECIDED and self._is_up_to_its_faces(row)
        candidates = len(self._faces.candidates(row)) if is_up_to_its_faces else 0
        if before != code:
            self._fates[code] += 1
            self.settled += found.fate is not Fate.UNDECIDED
            if before != NONE:
                self._fates[before] -= 1
                self.settled -= self._is_fate(before)
        self.changes += members != pictures.members[row]
        self.faces += members - pictures.members[row]
        self.candidate_changes += candidates != pictures.candidates[row]
        self.candidate_faces += candidates - pictures.candidates[row]
        pictures.settlement[row], pictures.members[row], pictures.candidates[row] = code, members, candidates
        self._keepers.look_at(row)

    def _found(self, row: int) -> Settlement:
        pictures = self._pictures
        if pictures.rejected[row]:
            return Settlement(Fate.DROPPED, PERSON, Reason.REJECTED)
        if pictures.judgement[row] != NONE:
            kind, stage, reason = self._causes[pictures.judgement[row]]
            if kind == ImageSuperseded.kind():
                return Settlement(Fate.DROPPED, stage, reason)
        if pictures.outcome[row] == NONE:
            return UNDECIDED
        if self._has_faces(row):
            return self._faces.fate_of_picture(row)
        return settled_by(*self._causes[pictures.outcome[row]])

    def _is_up_to_its_faces(self, row: int) -> bool:
        pictures = self._pictures
        judged = pictures.judgement[row]
        superseded = judged != NONE and self._causes[judged][0] == ImageSuperseded.kind()
        return not (pictures.rejected[row] or superseded) and pictures.outcome[row] != NONE and self._has_faces(row)

    def _has_faces(self, row: int) -> bool:
        """Return whether faces were counted in a picture, or a person has given boxes where none were found."""
        kind, stage, _ = self._causes[self._pictures.outcome[row]]
        is_without = (kind, stage) == (ImageDropped.kind(), outcomes.FINDING)
        return kind == FacesCounted.kind() or (is_without and bool(self._faces.boxed(row)))
