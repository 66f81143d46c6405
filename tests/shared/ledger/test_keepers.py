"""What the deduper is to be told of the pictures that it has kept, as a tally finds it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.messages import Decision, ImageKept, ImageSuperseded, Message
from shared.contract.reasons import Reason
from shared.ledger.fates import Fate
from shared.ledger.tally import Tally
from tests.shared.ledger.test_tally import (
    DIGEST,
    RUN,
    A,
    B,
    C,
    counted,
    died,
    dropped,
    face_dropped,
    fact_of,
    kept,
    normalized,
    superseded,
    tally_of,
    verdict,
)


def better(entry: str, keeper: str, arrival: int, reason: Reason = Reason.NEAR_DUPLICATE) -> Message:
    return ImageSuperseded(
        run=RUN,
        entry=entry,
        image=DIGEST,
        arrival=arrival,
        decisions=1,
        by=DIGEST,
        keeper=keeper,
        reason=reason,
    )


def passed_over(entry: str, arrival: int, decisions: int = 1) -> Message:
    about = {"run": RUN, "entry": entry, "image": DIGEST, "arrival": arrival, "decisions": decisions}
    return ImageKept.model_validate({**about, "passed_over": True})


OUT = {
    "no face": [dropped(A)],
    "its only face is dropped": [counted(A, 1), face_dropped(A)],
    "dead": [died(A)],
    "a person's word": [counted(A, 1), normalized(A), verdict(A, Decision.DROP, 1)],
}


@pytest.mark.parametrize("why", OUT)
@given(order=st.randoms(use_true_random=False))
def test_the_deduper_is_to_be_told_that_a_picture_with_copies_is_out(why: str, order: Random) -> None:
    messages = [kept(A, 1), better(B, A, 2), *OUT[why]]
    order.shuffle(messages)
    tally = tally_of(*messages)
    assert (tally.settled_keeper(A), tally.settled_keeper(B), tally.settled_keeper(C)) == (True, None, None)
    assert not tally.is_complete()
    assert tally.unsettled() == {A}
    tally.add(fact_of(passed_over(A, 3, decisions=2)))
    tally.add(fact_of(ImageKept(run=RUN, entry=B, image=DIGEST, arrival=3, decisions=2)))
    assert tally.settled_keeper(A) is None
    for message in (counted(B, 1), normalized(B)):
        tally.add(fact_of(message))
    assert tally.is_complete()
    assert {entry: tally.settlement(entry).fate for entry in (A, B)} == {
        A: Fate.DEAD if why == "dead" else Fate.DROPPED,
        B: Fate.IN_DATASET,
    }


def test_the_deduper_is_to_be_told_that_a_picture_is_back() -> None:
    away = [kept(A, 1), better(B, A, 2), counted(A, 1), normalized(A), verdict(A, Decision.DROP, 1), passed_over(A, 3)]
    tally = tally_of(*away, kept(B, 4), dropped(B))
    assert (tally.settled_keeper(A), tally.is_complete()) == (None, True)
    tally.add(fact_of(verdict(A, Decision.KEEP, 2)))
    assert (tally.settled_keeper(A), tally.is_complete()) == (False, False)
    tally.add(fact_of(kept(A, 5)))
    assert (tally.settled_keeper(A), tally.is_complete()) == (None, True)


@pytest.mark.parametrize(
    "messages",
    [
        [kept(A, 1), dropped(A)],
        [kept(A, 1), dropped(A), better(B, A, 2, Reason.EXACT_DUPLICATE)],
        [kept(A, 1), dropped(A), superseded(B, 2)],
        [kept(A, 1), counted(A, 1), normalized(A), better(B, A, 2)],
        [kept(A, 1), dropped(A), better(B, A, 2), better(B, C, 3), kept(C, 4), counted(C, 1), normalized(C)],
        [kept(A, 1), dropped(A), better(B, A, 2), kept(B, 3), dropped(B)],
    ],
    ids=["no copies", "exact copies", "copies of before", "it is in", "the copy has a better one", "the copy is kept"],
)
def test_the_deduper_need_not_be_told_of_others(messages: list[Message]) -> None:
    tally = tally_of(*messages)
    assert tally.settled_keeper(A) is None
    assert tally.is_complete()


def test_a_tally_of_the_content_of_another_knows_what_the_deduper_is_to_be_told() -> None:
    tally = tally_of(kept(A, 1), better(B, A, 2), dropped(A))
    again = Tally(*tally.content())
    assert (again.settled_keeper(A), again.is_complete()) == (True, False)
    again.add(fact_of(kept(B, 3)))
    assert again.settled_keeper(A) is None
