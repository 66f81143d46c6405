"""Understands what a reviewed folder says: verdicts that follow, what contradicts them, what means nothing. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.magritte.review_folder import Export, ExportedFace
from services.magritte.review_pictures import Pictures, State
from services.magritte.review_table import TABLE_NAME, Row
from shared.contract.messages import Decision
from shared.ledger.verdicts import Verdict


@dataclass(frozen=True)
class Wish:
    """A decision that the folder asks for, and by what: a picture that was moved, a row of the table."""

    decision: Decision
    by: str
    why: str = ""

    def verdict(self, face: ExportedFace, export: str, who: str) -> Verdict:
        """Return the verdict that it asks for."""
        image, number = face.subject
        about = {"image": image, "face": number, "decision": self.decision, "who": who, "why": self.why}
        return Verdict.model_validate({**about, "export": export})


@dataclass(frozen=True)
class Change:
    """A verdict that is to be given about a face, and what it follows from."""

    face: ExportedFace
    verdict: Verdict
    by: str


@dataclass
class Understanding:
    """The changes that follow, the verdicts of others that they go against, and sentences about what means nothing.

    `told` are the numbers of verdicts that have come of this export before and stand: there is nothing to do for them.
    """

    changes: list[Change] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    told: list[tuple[int, Verdict]] = field(default_factory=list)


def understand(
    export: Export, pictures: Pictures, rows: Sequence[Row], log: Iterable[tuple[int, Verdict]], who: str
) -> Understanding:
    """Return what follows from the pictures and the table's rows, given the log of verdicts about the character."""
    found = Understanding(remarks=list(pictures.remarks))
    wishes = dict(_wishes(export, pictures, _rows_by_face(export, rows, found.remarks), found.remarks))
    past = _Past(export, log)
    for face in export.faces:
        if pictures.states[face.face] is State.UNCLEAR:
            continue
        wish = wishes.get(face.face) or past.undoing(face)
        if wish is not None:
            _decide(found, past, face, wish, wish.verdict(face, export.id, who))
    found.told = past.told
    return found


def _decide(found: Understanding, past: "_Past", face: ExportedFace, wish: Wish, verdict: Verdict) -> None:
    if past.was_told(face, verdict):
        return
    conflict = past.conflict(face, verdict)
    if conflict:
        found.conflicts.append(conflict)
    if not past.stands(face, verdict):
        found.changes.append(Change(face, verdict, wish.by))


def _rows_by_face(export: Export, rows: Sequence[Row], remarks: list[str]) -> dict[str, Row]:
    """Return the rows that decide something, by face; those that cannot be used are remarked on."""
    files = {Path(face.file).stem.casefold(): face.face for face in export.faces}
    items = {face.face for face in export.faces}
    found: dict[str, Row] = {}
    for row in rows:
        if not row.decision:
            continue
        face = files.get(Path(row.file).stem.casefold()) or (row.face if row.face in items else None)
        place = f"{TABLE_NAME}:{row.line}"
        if face is None:
            remarks.append(f"{place}: {row.file or row.face or 'no file'} is not of this export: it means nothing")
        elif row.decision.lower() not in tuple(Decision):
            remarks.append(f"{place}: decision: {row.decision}: give {', '.join(Decision)} or nothing")
        elif face in found and found[face].decision.lower() != row.decision.lower():
            remarks.append(
                f"{place}: decision: {row.decision}, but line {found[face].line} says {found[face].decision}"
            )
            found[face] = Row(row.line, row.file, row.face, "", "", "", "")
        else:
            found[face] = row
    return {face: row for face, row in found.items() if row.decision}


def _wishes(
    export: Export, pictures: Pictures, rows: Mapping[str, Row], remarks: list[str]
) -> Iterator[tuple[str, Wish]]:
    """Yield what is asked for each face; where picture and table say different things nothing is, with a remark."""
    for face in export.faces:
        row, is_gone = rows.get(face.face), pictures.states[face.face] is State.DROPPED
        if row is None:
            if is_gone:
                yield face.face, Wish(Decision.DROP, pictures.how[face.face])
            continue
        decision, by = Decision(row.decision.lower()), f"{TABLE_NAME}:{row.line}"
        if is_gone and decision is not Decision.DROP:
            remarks.append(f"{face.file} was {pictures.how[face.face]}, but {by} says {decision}: nothing is done")
        else:
            yield face.face, Wish(decision, by, row.why)


class _Past:
    """The verdicts about the faces of an export: those of all, and those that came back of it before."""

    def __init__(self, export: Export, log: Iterable[tuple[int, Verdict]]) -> None:
        self._export = export
        self._standing: dict[object, tuple[int, Verdict]] = {}
        self._own: dict[object, tuple[int, Verdict]] = {}
        for number, verdict in log:
            self._standing[verdict.subject] = number, verdict
            if verdict.export == export.id:
                self._own[verdict.subject] = number, verdict

    @property
    def told(self) -> list[tuple[int, Verdict]]:
        """The verdicts that have come of this export and stand."""
        return [each for subject, each in self._own.items() if self._standing[subject] == each]

    def was_told(self, face: ExportedFace, verdict: Verdict) -> bool:
        """Return whether the latest that has come of this export about a face was the same."""
        found = self._own.get(face.subject)
        return found is not None and _is_same(found[1], verdict)

    def stands(self, face: ExportedFace, verdict: Verdict) -> bool:
        """Return whether the verdict that stands about a face says the same."""
        found = self._standing.get(face.subject)
        return found is not None and _is_same(found[1], verdict)

    def undoing(self, face: ExportedFace) -> Wish | None:
        """Return what takes back the drop that has come of this export before, now that nothing asks for it."""
        found = self._own.get(face.subject)
        if found is None or found[1].decision is Decision.KEEP:
            return None
        return Wish(Decision.KEEP, f"no longer what verdict {found[0]} of this export says")

    def conflict(self, face: ExportedFace, verdict: Verdict) -> str:
        """Return a sentence about what somebody has decided otherwise since the export was written; else nothing."""
        for subject, what in ((face.subject, face.file), ((face.image, None), f"the picture of {face.file}")):
            number, other = self._standing.get(subject, (0, verdict))
            if number > self._export.verdicts and other.export != self._export.id and not _is_same(other, verdict):
                return f"{what}: {verdict.decision} here, {other.decision} by {other.who}, verdict {number} since then"
        return ""


def _is_same(one: Verdict, other: Verdict) -> bool:
    return one.decision is other.decision
