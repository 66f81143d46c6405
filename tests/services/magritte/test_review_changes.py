from services.magritte.review_changes import Understanding, understand
from services.magritte.review_pictures import Pictures, State
from services.magritte.review_table import Row
from shared.contract.messages import Decision
from shared.ledger.verdicts import Verdict
from tests.services.magritte.reviews import FILES, export


def understood(rows: list[Row], *log: Verdict, verdicts: int = 0, **states: State) -> Understanding:
    """What is understood of an export after `verdicts`, with the states of its pictures by `f` and their place."""
    pictures = Pictures()
    for place, face in enumerate(export().faces):
        pictures.states[face.face] = states.get(f"f{place}", State.UNTOUCHED)
        pictures.how[face.face] = "deleted"
    return understand(export(verdicts), pictures, rows, list(enumerate(log, 1)), "me")


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
