from pathlib import Path

from services.magritte.reviews.changes import Read, Understanding, Wish, understand
from services.magritte.reviews.folder import ExportedFace
from services.magritte.reviews.pictures import Pictures, State
from services.magritte.reviews.table import Row
from shared.contract.edited_faces import Shown, Unusable
from shared.contract.messages import Decision
from shared.ledger.verdicts import Verdict
from tests.services.magritte.reviews.exports import FILES, export


def understood(rows: list[Row], *log: Verdict, verdicts: int = 0, **states: State) -> Understanding:
    """What is understood of an export after `verdicts`, with the states of its pictures by `f` and their place."""
    pictures = Pictures()
    for place, face in enumerate(export().faces):
        pictures.states[face.face] = states.get(f"f{place}", State.UNTOUCHED)
        pictures.how[face.face] = "deleted"
        pictures.edited[face.face] = Path(face.file)
    return understand(Read(export(verdicts), pictures, rows), EDITED, list(enumerate(log, 1)), make)


EDITED = {
    export().faces[2].face: Shown((1, 2, 30, 30), 12.0),
    export().faces[3].face: Unusable("was not found in its original"),
}


def make(face: ExportedFace, wish: Wish) -> Verdict:
    shown = wish.shown or Shown(None, 0.0)  # type: ignore[arg-type]
    about = {"image": face.image, "face": face.number, "decision": wish.decision, "who": "me", "why": wish.why}
    return Verdict.model_validate({**about, "export": "e", "box": shown.box, "angle": shown.angle})


def row(place: int, decision: str, line: int = 2) -> Row:
    return Row(line, FILES[place], "", decision, "because", "", "")


def verdict(place: int, decision: Decision, of: str = "") -> Verdict:
    return Verdict(image=f"{place:064x}", face=0, decision=decision, who="bea", export=of)


def test_what_stands_already_is_not_decided_again_and_is_no_conflict() -> None:
    found = understood([row(0, "keep")], verdict(0, Decision.KEEP), verdict(1, Decision.DROP), f1=State.DROPPED)
    assert (found.changes, found.conflicts) == ([], [])


def test_what_was_decided_before_the_export_is_changed_without_a_conflict() -> None:
    found = understood([row(0, "drop")], verdict(0, Decision.KEEP), verdicts=1)
    assert [(each.verdict.decision, each.verdict.why) for each in found.changes] == [(Decision.DROP, "because")]
    assert found.conflicts == []


def test_two_rows_about_one_face_that_differ_decide_nothing() -> None:
    found = understood([row(0, "drop"), row(0, "keep", line=3), row(0, "drop", line=4), row(1, "keep", line=5)])
    assert [each.face.file for each in found.changes] == [FILES[1]]
    assert len(found.remarks) >= 1


def test_a_row_of_another_file_is_told_by_its_face_and_otherwise_means_nothing() -> None:
    by_face = Row(2, "renamed.png", export().faces[2].face, "drop", "", "", "")
    strange = Row(3, "other.png", "x", "drop", "", "", "")
    found = understood([by_face, strange])
    assert [each.face.file for each in found.changes] == [FILES[2]]
    assert found.remarks == ["review.csv:3: other.png is not of this export: it means nothing"]


def test_a_mind_that_changes_twice_is_followed_twice() -> None:
    own = [verdict(0, Decision.DROP, "e"), verdict(0, Decision.KEEP, "e")]
    assert [each.verdict.decision for each in understood([], own[0]).changes] == [Decision.KEEP]
    assert understood([], *own).changes == []
    found = understood([], *own, f0=State.DROPPED)
    assert ([each.verdict.decision for each in found.changes], found.conflicts) == ([Decision.DROP], [])


def test_an_edited_picture_is_a_box_and_one_that_is_not_found_is_named() -> None:
    found = understood([], f2=State.EDITED, f3=State.EDITED)
    (change,) = found.changes
    assert (change.verdict.decision, change.verdict.box, change.verdict.angle) == (Decision.BOX, (1, 2, 30, 30), 12.0)
    assert found.remarks == [f"{FILES[3]} was not found in its original: nothing is done for it"]
    assert understood([], change.verdict, f2=State.EDITED).changes == []


def test_a_box_in_the_table_is_read_and_one_that_is_none_is_named() -> None:
    rows = [
        Row(2, FILES[0], "", "box", "", "10 20 30 40", "-7,5"),
        Row(3, FILES[1], "", "box", "", "10 20", ""),
        Row(4, FILES[3], "", "box", "", "10 20 30 40", "left"),
    ]
    found = understood(rows)
    assert [(each.verdict.box, each.verdict.angle) for each in found.changes] == [((10, 20, 30, 40), -7.5)]
    assert [remark.partition(" ")[0] for remark in found.remarks] == ["review.csv:3:", "review.csv:4:"]


def test_keeping_a_face_as_it_was_exported_does_not_take_its_box_back() -> None:
    box = Verdict(image=f"{0:064x}", face=0, decision=Decision.BOX, box=(1, 2, 3, 4), who="bea")
    assert understood([row(0, "keep")], box, verdicts=1).changes == []
    assert [each.verdict.decision for each in understood([row(0, "keep")], box).changes] == [Decision.KEEP]


def test_an_edited_picture_that_the_table_drops_is_a_contradiction() -> None:
    found = understood([row(2, "drop")], f2=State.EDITED)
    assert (found.changes, found.remarks) == (
        [],
        [f"{FILES[2]} was edited, but review.csv:2 says drop: nothing is done"],
    )
