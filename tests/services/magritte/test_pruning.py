import pytest

from services.magritte import pruning
from services.magritte.ranked_faces import RankedFace, read_ranking
from shared.contract.messages import Decision
from shared.ledger.verdicts import Verdict, Verdicts, give_all
from shared.store import FolderStore
from tests.services.magritte.rankings import row, table


def ranked(count: int) -> list[RankedFace]:
    return read_ranking(table(*(row(rank, str(-rank / 2)) for rank in range(count, 0, -1))), "r.csv")


def ranks(faces: list[RankedFace]) -> list[int]:
    return [face.rank for face in faces]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.05, [20]), (0.1, [20, 19]), (0.12, [20, 19]), (0.13, [20, 19, 18]), (0.001, [20])]
)
def test_the_worst_share_is_rounded_to_the_next_face(share: float, expected: list[int]) -> None:
    assert ranks(pruning.worst(ranked(20), share)) == expected


def test_those_below_a_quality_come_with_the_lowest_first() -> None:
    assert ranks(pruning.below(ranked(10), -4.0)) == [10, 9]


def test_those_that_a_person_has_marked_in_the_file_are_found() -> None:
    rows = (row(1, decision="Drop "), row(2, decision="keep"), row(3, decision="drop"))
    assert ranks(pruning.marked(read_ranking(table(*rows), "r.csv"))) == [3, 1]


def verdict(image: int, decision: Decision, prune: str = "") -> Verdict:
    return Verdict(image=f"{image:064x}", face=0, decision=decision, who="ann", prune=prune)


def standing(store: FolderStore, *given: Verdict) -> Verdicts:
    give_all(store, "anya", given)
    found = Verdicts("anya")
    found.read(store)
    return found


def test_faces_that_a_person_has_kept_stay_unless_that_undid_a_prune(store: FolderStore) -> None:
    undone = pruning.undoing([verdict(4, Decision.DROP, "prune of May")], [], "ann")
    verdicts = standing(store, verdict(3, Decision.KEEP), verdict(2, Decision.DROP), *undone)
    chosen = pruning.without_kept(pruning.worst(ranked(4), 0.75), verdicts)
    assert (ranks(list(chosen.faces)), chosen.kept) == ([4, 2], 1)


def test_the_last_prune_is_undone_first_and_without_what_was_decided_since(store: FolderStore) -> None:
    may = [verdict(number, Decision.DROP, "prune of May") for number in (1, 2, 3)]
    june = [verdict(number, Decision.DROP, "prune of June") for number in (4, 5)]
    images = {f"{number:064x}" for number in range(9)}
    verdicts = standing(store, *may, *june, verdict(2, Decision.DROP))
    last = pruning.last_prune(verdicts, images)
    assert [each.image for each in last] == [each.image for each in june]
    verdicts = standing(store, *pruning.undoing(last, [], "ben"))
    assert [each.image for each in pruning.last_prune(verdicts, images)] == [may[0].image, may[2].image]
    assert pruning.last_prune(verdicts, {f"{9:064x}"}) == []


def test_undoing_says_what_it_undoes() -> None:
    (back,) = pruning.undoing([verdict(1, Decision.DROP, "prune of May")], [], "ben")
    assert (back.decision, back.face, back.who, back.why) == (Decision.KEEP, 0, "ben", "undo of prune of May")


def test_a_face_that_had_a_box_by_hand_comes_back_by_that_box() -> None:
    about = {"image": f"{1:064x}", "face": 0, "who": "ann"}
    first, second = (Verdict.model_validate({**about, "decision": "box", "box": (left, 2, 30, 30)}) for left in (1, 9))
    dropped = verdict(1, Decision.DROP, "prune of May")
    (back,) = pruning.undoing([dropped], [first, second, dropped, first], "ben")
    assert (back.decision, back.box, back.who, back.prune) == (
        Decision.BOX,
        (9, 2, 30, 30),
        "ben",
        "undo of prune of May",
    )


def test_what_a_person_has_marked_goes_even_if_it_was_kept_before(store: FolderStore) -> None:
    rows = read_ranking(table(row(1, decision="drop"), row(2)), "r.csv")
    verdicts = standing(store, verdict(1, Decision.KEEP), verdict(2, Decision.KEEP))
    assert ranks(list(pruning.without_kept(rows, verdicts).faces)) == [1]
