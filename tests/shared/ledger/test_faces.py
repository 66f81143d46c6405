"""What the deduper's second pass makes of faces, in a tally."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shared.contract.messages import Decision, FaceKept, FaceSuperseded, Message
from shared.contract.reasons import Reason
from shared.ledger.fates import Fate, Settlement
from shared.ledger.tally import Tally
from tests.shared.ledger.test_keepers import better
from tests.shared.ledger.test_tally import DIGEST, RUN, A, B, counted, fact_of, kept, normalized, tally_of, verdict

COPY = Settlement(Fate.DROPPED, "deduper", Reason.NEAR_DUPLICATE)


def superseded(entry: str, changes: int, face: int = 0) -> Message:
    about = {"run": RUN, "entry": entry, "face": face, "picture": DIGEST, "changes": changes, "by": DIGEST}
    return FaceSuperseded.model_validate({**about, "reason": Reason.NEAR_DUPLICATE})


def kept_face(entry: str, changes: int, face: int = 0) -> Message:
    return FaceKept(run=RUN, entry=entry, face=face, picture=DIGEST, changes=changes)


def of_deduper(*messages: Message) -> Tally:
    """A tally, with what the second pass says signed by the deduper."""
    tally = Tally()
    for message in messages:
        told = message.fact("deduper") if isinstance(message, FaceKept | FaceSuperseded) else fact_of(message)
        tally.add(told)  # type: ignore[arg-type]
    return tally


FACES = [kept(A, 1), counted(A, 1), normalized(A), kept(B, 2), counted(B, 2), normalized(B), normalized(B, 1)]


@given(order=st.randoms(use_true_random=False))
def test_a_face_with_a_better_copy_is_out_of_the_data_set_whatever_came_first(order: Random) -> None:
    messages = [*FACES, superseded(A, 5), superseded(B, 5, face=1)]
    order.shuffle(messages)
    tally = of_deduper(*messages)
    assert {entry: tally.settlement(entry) for entry in (A, B)} == {A: COPY, B: Settlement(Fate.IN_DATASET)}
    assert [(entry, number) for entry, number, _ in tally.members()] == [(B, 0)]
    assert (tally.faces, tally.candidate_faces, tally.duplicates()) == (1, 3, {(A, 0), (B, 1)})
    assert sum(tally.counts().values()) == 2
    assert tally.is_complete()


@given(order=st.randoms(use_true_random=False))
def test_the_latest_pass_holds(order: Random) -> None:
    messages = [superseded(A, 5), kept_face(A, 6), superseded(B, 6), kept_face(B, 5)]
    order.shuffle(messages)
    assert of_deduper(*FACES, *messages).duplicates() == {(B, 0)}


def test_what_a_pass_finds_changes_the_data_set_and_not_the_candidates() -> None:
    tally = of_deduper(*FACES)
    before = tally.changes, tally.candidate_changes
    tally.add(superseded(A, 5).fact("deduper"))  # type: ignore[arg-type]
    assert tally.changes > before[0]
    assert tally.candidate_changes == before[1]
    tally.add(fact_of(verdict(A, Decision.DROP, 1, face=0)))
    assert tally.candidate_changes > before[1]


def test_a_picture_whose_face_has_a_better_copy_keeps_its_own_copies_away() -> None:
    tally = of_deduper(kept(A, 1), better(B, A, 2), counted(A, 1), normalized(A), superseded(A, 3))
    assert tally.settlement(A) == COPY
    assert (tally.settled_keeper(A), tally.is_complete()) == (None, True)


def test_a_tally_of_the_content_of_another_knows_what_was_compared() -> None:
    tally = of_deduper(*FACES, superseded(A, 5))
    again = Tally(*tally.content())
    assert (again.duplicates(), again.candidate_faces, again.candidate_changes) == (
        tally.duplicates(),
        tally.candidate_faces,
        tally.candidate_changes,
    )
    assert tally_of(*FACES).duplicates() == set()
