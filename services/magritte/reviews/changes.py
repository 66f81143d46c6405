"""Understands what a reviewed folder says: verdicts that follow, what contradicts them, what means nothing. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from services.magritte.reviews.boxes import parse_box
from services.magritte.reviews.folder import Export, ExportedFace
from services.magritte.reviews.pictures import Pictures, State
from services.magritte.reviews.table import TABLE_NAME, Row
from shared.contract.edited_faces import Shown, Unusable
from shared.contract.messages import Decision
from shared.ledger.verdicts import Verdict


@dataclass(frozen=True)
class Read:
    """All that was read of a folder: its record, what became of the pictures, and the rows of the table."""

    export: Export
    pictures: Pictures
    rows: Sequence[Row]


@dataclass(frozen=True)
class Wish:
    """A decision that the folder asks for, and by what: a picture that was moved, a row of the table."""

    decision: Decision
    by: str
    why: str = ""
    shown: Shown | None = None

    @property
    def by_table(self) -> bool:
        """True where a row says that the face belongs, as it is."""
        return self.decision is Decision.KEEP and self.by.startswith(TABLE_NAME)


MakeVerdict = Callable[[ExportedFace, Wish], Verdict]
"""Returns the verdict that is asked for; raises `ValueError`, with a sentence, where that cannot be given."""

Edited = Mapping[str, Shown | Unusable | None]
"""The parts of their originals that edited pictures show, by face; None where that is what they did before."""


@dataclass(frozen=True)
class Change:
    """A verdict that is to be given about a face, and what it follows from."""

    face: ExportedFace
    verdict: Verdict
    by: str


@dataclass
class Understanding:
    """The changes that follow, the verdicts of others that they go against, and sentences about what means nothing.

    `given_before` are the numbers of verdicts that have come of this export before and stand: nothing to do for them.
    """

    changes: list[Change] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    given_before: list[tuple[int, Verdict]] = field(default_factory=list)


def understand(read: Read, edited: Edited, log: Iterable[tuple[int, Verdict]], make: MakeVerdict) -> Understanding:
    """Return what follows from a folder, given the log of verdicts about the character."""
    export, pictures = read.export, read.pictures
    found = Understanding(remarks=list(pictures.remarks))
    rows = _rows_by_face(export, read.rows, found.remarks)
    wishes = {face: wish for face, wish in _wishes(read, rows, edited, found.remarks) if wish is not None}
    past = _Past(export, log)
    for face in export.faces:
        if pictures.states[face.face] is State.UNCLEAR:
            continue
        wish = wishes.get(face.face) or past.undoing(face)
        if wish is not None:
            try:
                _decide(found, past, face, wish, make(face, wish))
            except ValueError as error:
                found.remarks.append(f"{wish.by}: {face.file}: {error}")
    found.given_before = past.given_before
    return found


def _decide(found: Understanding, past: "_Past", face: ExportedFace, wish: Wish, verdict: Verdict) -> None:
    if past.was_given(face, verdict) or (wish.by_table and past.has_box(face)):
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
    read: Read, rows: Mapping[str, Row], edited: Edited, remarks: list[str]
) -> Iterator[tuple[str, Wish | None]]:
    """Yield what is asked for each face; where picture and table say different things nothing is, with a remark."""
    for face in read.export.faces:
        by_picture, row = _by_picture(face, read.pictures, edited, remarks), rows.get(face.face)
        if row is None:
            yield face.face, by_picture
            continue
        decision, by = Decision(row.decision.lower()), f"{TABLE_NAME}:{row.line}"
        if by_picture is not None and decision is not by_picture.decision and not _is_kept(decision, by_picture):
            remarks.append(f"{face.file} was {by_picture.by}, but {by} says {decision}: nothing is done")
        elif by_picture is not None:
            yield face.face, replace(by_picture, why=row.why)
        else:
            try:
                yield face.face, Wish(decision, by, row.why, _box_of(row) if decision is Decision.BOX else None)
            except ValueError as error:
                remarks.append(f"{by}: {error}")


def _is_kept(decision: Decision, by_picture: Wish) -> bool:
    return (decision, by_picture.decision) == (Decision.KEEP, Decision.BOX)


def _box_of(row: Row) -> Shown:
    """Return the box in a row; raises `ValueError`, which names the column."""
    box = parse_box(row.box)
    try:
        angle = float(row.angle.replace(",", ".") or 0)
    except ValueError as error:
        raise ValueError(f"angle: {row.angle!r} is no number of degrees") from error
    if not -180 <= angle <= 180:
        raise ValueError(f"angle: {row.angle} is not between -180 and 180")
    return Shown(box, angle)


def _by_picture(face: ExportedFace, pictures: Pictures, edited: Edited, remarks: list[str]) -> Wish | None:
    """Return what the picture of a face asks for, if it does."""
    state = pictures.states[face.face]
    if state is State.DROPPED:
        return Wish(Decision.DROP, pictures.how[face.face])
    shown = edited.get(face.face) if state is State.EDITED else None
    if isinstance(shown, Unusable):
        remarks.append(f"{pictures.edited[face.face].name} {shown.why}: nothing is done for it")
    return Wish(Decision.BOX, "edited", shown=shown) if isinstance(shown, Shown) else None


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
    def given_before(self) -> list[tuple[int, Verdict]]:
        """The verdicts that have come of this export and stand."""
        return [each for subject, each in self._own.items() if self._standing[subject] == each]

    def was_given(self, face: ExportedFace, verdict: Verdict) -> bool:
        """Return whether the latest that has come of this export about a face was the same."""
        found = self._own.get(face.subject)
        return found is not None and _is_same(found[1], verdict)

    def stands(self, face: ExportedFace, verdict: Verdict) -> bool:
        """Return whether the verdict that stands about a face says the same."""
        found = self._standing.get(face.subject)
        return found is not None and _is_same(found[1], verdict)

    def has_box(self, face: ExportedFace) -> bool:
        """Return whether a box by hand stood when the face was exported, and does still: its picture shows that."""
        number, verdict = self._standing.get(face.subject, (0, None))
        return verdict is not None and verdict.decision is Decision.BOX and number <= self._export.verdicts

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
    return (one.decision, one.box, one.angle) == (other.decision, other.box, other.angle)
