import json
import tracemalloc
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contract.facts import FaceFact, ImageFact, RunFact
from shared.contract.messages import (
    Decision,
    FaceDropped,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    Message,
    VerdictGiven,
)
from shared.contract.person_messages import BY_HAND, NEW_FACES
from shared.contract.reasons import Reason
from shared.ledger.fates import Fate, Settlement
from shared.ledger.tally import Tally

RUN, DIGEST = "anya-001", "0" * 64
A, B, C = "a" * 20, "b" * 20, "c" * 20
PRODUCERS = {
    ImageFetched: "scraper",
    ImageKept: "deduper",
    ImageSuperseded: "deduper",
    FacesCounted: "face-detector",
    FaceNormalized: "normalizer",
}


def fetched(entry: str) -> Message:
    return ImageFetched(run=RUN, entry=entry, image=DIGEST, source=0)


def kept(entry: str, arrival: int, decisions: int = 1) -> Message:
    return ImageKept(run=RUN, entry=entry, image=DIGEST, arrival=arrival, decisions=decisions)


def superseded(entry: str, arrival: int, decisions: int = 1, reason: Reason = Reason.NEAR_DUPLICATE) -> Message:
    return ImageSuperseded(
        run=RUN, entry=entry, image=DIGEST, arrival=arrival, decisions=decisions, by=DIGEST, reason=reason
    )


def dropped(entry: str, reason: Reason = Reason.NO_FACE, stage: str = "face-detector") -> Message:
    return ImageDropped(run=RUN, entry=entry, stage=stage, reason=reason)


def counted(entry: str, faces: int) -> Message:
    return FacesCounted(run=RUN, entry=entry, image=DIGEST, faces=faces)


def normalized(entry: str, face: int = 0) -> Message:
    return FaceNormalized(run=RUN, entry=entry, image=DIGEST, face=face, picture=DIGEST)


def face_dropped(entry: str, face: int = 0, reason: Reason = Reason.FACE_TOO_SMALL) -> Message:
    return FaceDropped(run=RUN, entry=entry, face=face, stage="upscaler", reason=reason)


def died(entry: str | None, face: int | None = None, error: str = "poison") -> Message:
    return ItemDied(run=RUN, entry=entry, face=face, stage="normalizer", error=error)


def verdict(entry: str, decision: Decision, number: int, face: int | None = None) -> Message:
    return VerdictGiven(run=RUN, entry=entry, face=face, image=DIGEST, decision=decision, number=number)


def tally_of(*messages: Message) -> Tally:
    tally = Tally()
    for message in messages:
        tally.add(fact_of(message))
    return tally


def fact_of(message: Message) -> ImageFact | FaceFact:
    fact = message.fact(PRODUCERS.get(type(message), "some-stage"))
    assert not isinstance(fact, RunFact)
    return fact


IN_DATASET = Settlement(Fate.IN_DATASET)
UNDECIDED = Settlement(Fate.UNDECIDED)
FATES: dict[str, tuple[list[Message], Settlement]] = {
    "only fetched": ([fetched(A)], UNDECIDED),
    "kept, and its faces are not known yet": ([kept(A, 1)], UNDECIDED),
    "unreadable": (
        [dropped(A, Reason.UNREADABLE_FILE, "scraper")],
        Settlement(Fate.DROPPED, "scraper", "unreadable-file"),
    ),
    "not a picture": (
        [fetched(A), dropped(A, Reason.NOT_A_PICTURE, "deduper")],
        Settlement(Fate.DROPPED, "deduper", "not-a-picture"),
    ),
    "superseded": ([superseded(A, 1)], Settlement(Fate.DROPPED, "deduper", "near-duplicate")),
    "no face": ([kept(A, 1), dropped(A)], Settlement(Fate.DROPPED, "face-detector", "no-face")),
    "one of two faces is under way": ([kept(A, 1), counted(A, 2), normalized(A, 1)], UNDECIDED),
    "a face came before the count": ([kept(A, 1), normalized(A, 0)], UNDECIDED),
    "its face is in": ([kept(A, 1), counted(A, 1), normalized(A)], IN_DATASET),
    "one of two faces is in": ([kept(A, 1), counted(A, 2), normalized(A, 1), face_dropped(A, 0)], IN_DATASET),
    "one of two faces is in, the other died": ([counted(A, 2), normalized(A, 0), died(A, 1)], IN_DATASET),
    "all faces dropped": (
        [kept(A, 1), counted(A, 2), face_dropped(A, 0), face_dropped(A, 1, Reason.FACE_AT_THE_EDGE)],
        Settlement(Fate.DROPPED, "upscaler", "face-too-small"),
    ),
    "one face dropped, the other died": (
        [counted(A, 2), face_dropped(A, 0), died(A, 1)],
        Settlement(Fate.DEAD, "normalizer", "poison"),
    ),
    "died": ([fetched(A), died(A, error="valueerror")], Settlement(Fate.DEAD, "normalizer", "valueerror")),
    "died and was replayed": ([died(A), kept(A, 1), counted(A, 1), normalized(A)], IN_DATASET),
    "a face died and was replayed": ([counted(A, 1), died(A, 0), normalized(A, 0)], IN_DATASET),
    "a better copy came after its face was in": (
        [kept(A, 1), counted(A, 1), normalized(A), superseded(A, 2)],
        Settlement(Fate.DROPPED, "deduper", "near-duplicate"),
    ),
    "revived": ([kept(A, 1), counted(A, 1), normalized(A), superseded(A, 2), kept(A, 3)], IN_DATASET),
}


@pytest.mark.parametrize(("messages", "expected"), FATES.values(), ids=FATES)
def test_a_picture_has_the_fate_that_its_facts_say(messages: list[Message], expected: Settlement) -> None:
    for order in (messages, messages[::-1], messages * 2):
        tally = tally_of(*order)
        assert tally.settlement(A) == expected
        assert tally.counts() == Counter({expected: 1})
        assert tally.settled == (expected.fate is not Fate.UNDECIDED)


def test_a_picture_that_nobody_has_heard_of_is_undecided() -> None:
    assert Tally().settlement(A) == UNDECIDED


def test_the_latest_arrival_holds_in_whatever_order_judgements_come() -> None:
    judgements = [kept(A, 1), superseded(A, 5, reason=Reason.EXACT_DUPLICATE), kept(A, 9), superseded(A, 12)]
    for order in (judgements, judgements[::-1], judgements[2:] + judgements[:2]):
        assert tally_of(*order).settlement(A).reason == "near-duplicate"


def test_only_faces_of_pictures_in_the_data_set_are_members() -> None:
    tally = tally_of(
        *(kept(A, 1), counted(A, 3), normalized(A, 0), face_dropped(A, 1), normalized(A, 2)),
        *(kept(B, 2), counted(B, 1), normalized(B), superseded(B, 3)),
        *(kept(C, 3), counted(C, 2), normalized(C)),
    )
    assert sorted(tally.members()) == [(A, 0, 0), (A, 2, 0)]
    assert tally.faces == 2


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([kept(A, 1), dropped(A)], [(None, Fate.DROPPED, "no-face")]),
        ([kept(A, 1)], [(None, Fate.UNDECIDED, "")]),
        (
            [kept(A, 1), face_dropped(A, 1), counted(A, 3), normalized(A, 0), died(A, 2)],
            [(0, Fate.IN_DATASET, ""), (1, Fate.DROPPED, "face-too-small"), (2, Fate.DEAD, "poison")],
        ),
        ([kept(A, 1), counted(A, 1), face_dropped(A)], [(0, Fate.DROPPED, "face-too-small")]),
        ([counted(A, 1), normalized(A), superseded(A, 2)], [(None, Fate.DROPPED, "near-duplicate")]),
        ([counted(A, 1), normalized(A), verdict(A, Decision.DROP, 1)], [(None, Fate.DROPPED, "rejected")]),
        ([counted(A, 1), normalized(A), verdict(A, Decision.DROP, 1, 0)], [(0, Fate.DROPPED, "rejected")]),
    ],
)
def test_where_faces_decide_each_of_them_has_a_fate_and_else_the_picture_has(
    messages: list[Message], expected: list[tuple[int | None, Fate, str]]
) -> None:
    assert [(face, fate.fate, fate.reason) for face, fate in tally_of(*messages).fates(A)] == expected


def test_a_fact_is_news_once() -> None:
    tally = Tally()
    for message in (fetched(A), kept(A, 1), counted(A, 1), normalized(A), superseded(A, 2), died(B, 0), died(C)):
        assert tally.add(fact_of(message))
        assert not tally.add(fact_of(message))


def test_an_overtaken_judgement_is_no_news_once_its_arrival_is_known() -> None:
    tally = tally_of(kept(B, 1), kept(A, 3))
    assert tally.add(fact_of(superseded(A, 2)))  # the last decision of arrival 2
    assert not tally.add(fact_of(superseded(A, 2)))


class TestIsComplete:
    def test_without_pictures_it_is(self) -> None:
        assert Tally().is_complete()

    def test_while_a_picture_is_undecided_it_is_not(self) -> None:
        messages = [dropped(A), kept(B, 1), counted(B, 1)]
        assert not tally_of(*messages).is_complete()
        assert tally_of(*messages, face_dropped(B)).is_complete()

    def test_while_a_picture_was_only_fetched_it_is_not(self) -> None:
        assert not tally_of(dropped(A), fetched(B)).is_complete()
        assert tally_of(dropped(A), fetched(B), dropped(B)).is_complete()

    def test_while_a_decision_of_an_arrival_is_missing_it_is_not(self) -> None:
        in_dataset = [kept(A, 1), counted(A, 1), normalized(A), counted(B, 1), normalized(B)]
        assert not tally_of(*in_dataset, kept(B, 2, decisions=2)).is_complete()
        assert tally_of(*in_dataset, kept(B, 2, decisions=2), superseded(A, 2, decisions=2)).is_complete()

    def test_while_an_arrival_is_missing_it_is_not(self) -> None:
        assert not tally_of(superseded(A, 1), superseded(B, 3)).is_complete()
        assert tally_of(superseded(A, 1), superseded(B, 3), superseded(C, 2)).is_complete()

    def test_a_settled_picture_that_is_revived_opens_the_run_again(self) -> None:
        settled = [superseded(A, 1), superseded(B, 2)]
        assert tally_of(*settled).is_complete()
        assert not tally_of(*settled, kept(A, 3)).is_complete()


entries = st.sampled_from([A, B, C])
faces = st.integers(0, 2)
stated = st.one_of(
    st.builds(fetched, entries),
    st.builds(kept, entries, st.integers(1, 6)),
    st.builds(superseded, entries, st.integers(1, 6), reason=st.sampled_from(Reason)),
    st.builds(dropped, entries, st.sampled_from(Reason), st.sampled_from(["scraper", "deduper"])),
    st.builds(counted, entries, st.integers(1, 3)),
    st.builds(normalized, entries, faces),
    st.builds(face_dropped, entries, faces, st.sampled_from(Reason)),
    st.builds(died, entries, st.none() | faces, st.sampled_from(["poison", "valueerror"])),
    st.integers(1, 3).flatmap(
        lambda number: st.builds(
            verdict, entries, st.just(list(Decision)[number % 3]), st.just(number), st.none() | faces
        )
    ),
)


def revised(message: Message, revision: int) -> Message:
    return message.model_copy(update={"revision": revision}) if "revision" in type(message).model_fields else message


facts = st.builds(revised, stated, st.integers(0, 2) | st.integers(1, 3).map(BY_HAND.__add__))


def known(tally: Tally) -> tuple[Counter[Settlement], list[tuple[str, int, int]], int, int, bool]:
    return tally.counts(), sorted(tally.members()), tally.faces, tally.settled, tally.is_complete()


@given(st.lists(facts, max_size=25), st.data())
def test_any_order_and_any_repetition_of_the_same_facts_gives_the_same_tally(
    messages: list[Message], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(messages), max_size=10)) if messages else []
    shuffled = data.draw(st.permutations([*messages, *repeated]))
    assert known(tally_of(*shuffled)) == known(tally_of(*messages))


@given(st.lists(facts, max_size=25))
def test_every_picture_has_exactly_one_fate_and_the_counts_add_up(messages: Iterable[Message]) -> None:
    tally = tally_of(*messages)
    counts = tally.counts()
    assert counts.total() == len({str(message.item).partition(".")[0] for message in messages})
    assert tally.settled == sum(count for settlement, count in counts.items() if settlement.fate is not Fate.UNDECIDED)


def test_of_two_counts_of_faces_the_larger_holds_in_any_order() -> None:
    for messages in ([counted(A, 2), counted(A, 1)], [counted(A, 1), counted(A, 2)]):
        assert tally_of(*messages, normalized(A)).settlement(A) == UNDECIDED
        assert tally_of(*messages, normalized(A), face_dropped(A, 1)).settlement(A) == IN_DATASET


class TestRevisions:
    def test_a_picture_that_was_dropped_is_revived_by_what_a_later_revision_makes_of_it(self) -> None:
        revived = [counted(A, 1).model_copy(update={"revision": 1}), normalized(A).model_copy(update={"revision": 1})]
        for messages in ([kept(A, 1), dropped(A), *revived], [*revived, dropped(A), kept(A, 1)]):
            tally = tally_of(*messages)
            assert tally.settlement(A) == IN_DATASET
            assert list(tally.members()) == [(A, 0, 1)]

    def test_a_face_that_was_in_is_dropped_by_a_later_revision(self) -> None:
        later = face_dropped(A).model_copy(update={"revision": 2})
        for messages in ([counted(A, 1), normalized(A), later], [later, normalized(A), counted(A, 1)]):
            assert tally_of(*messages).settlement(A) == Settlement(Fate.DROPPED, "upscaler", "face-too-small")

    def test_what_comes_late_of_an_earlier_revision_is_no_news(self) -> None:
        tally = tally_of(dropped(A).model_copy(update={"revision": 1}))
        assert not tally.add(fact_of(counted(A, 1)))


class TestBoxesByHand:
    def of_verdict(self, message: Message, number: int) -> Message:
        return message.model_copy(update={"revision": BY_HAND + number})

    def test_a_face_is_open_until_its_new_crop_has_a_fate_and_then_that_one_is_the_member(self) -> None:
        facts = [kept(A, 1), counted(A, 1), normalized(A), verdict(A, Decision.BOX, 4, 0)]
        for messages in (facts, facts[::-1]):
            tally = tally_of(*messages)
            assert tally.settlement(A) == UNDECIDED
            assert tally.verdicts_about(A) == {0: (4, True)}
            tally.add(fact_of(self.of_verdict(normalized(A), 4)))
            assert list(tally.members()) == [(A, 0, BY_HAND + 4)]
            assert tally.verdicts_about(A) == {0: (4, False)}

    def test_what_came_of_an_earlier_box_is_not_taken_for_that_of_a_later_one(self) -> None:
        tally = tally_of(kept(A, 1), counted(A, 1), normalized(A), verdict(A, Decision.BOX, 6, 0))
        tally.add(fact_of(self.of_verdict(normalized(A), 4)))
        assert tally.settlement(A) == UNDECIDED
        tally.add(fact_of(self.of_verdict(face_dropped(A), 6)))
        assert tally.settlement(A).fate is Fate.DROPPED

    @pytest.mark.parametrize("decision", [Decision.KEEP, Decision.DROP])
    def test_a_later_verdict_takes_a_box_back_and_the_data_set_changes(self, decision: Decision) -> None:
        tally = tally_of(kept(A, 1), counted(A, 1), normalized(A), verdict(A, Decision.BOX, 4, 0))
        tally.add(fact_of(self.of_verdict(normalized(A), 4)))
        changes = tally.changes
        tally.add(fact_of(verdict(A, decision, 5, 0)))
        assert list(tally.members()) == ([(A, 0, 0)] if decision is Decision.KEEP else [])
        assert tally.changes > changes

    @pytest.mark.parametrize("found", [counted(A, 1), dropped(A, Reason.NO_FACE, "face-detector")])
    def test_a_face_that_no_detector_has_found_is_waited_for_and_belongs_to_the_picture(self, found: Message) -> None:
        detected = [normalized(A)] if isinstance(found, FacesCounted) else []
        tally = tally_of(kept(A, 1), found, *detected, verdict(A, Decision.BOX, 4, NEW_FACES))
        assert tally.settlement(A) == UNDECIDED
        tally.add(fact_of(self.of_verdict(normalized(A, NEW_FACES), 4)))
        assert (NEW_FACES, IN_DATASET) in tally.fates(A)
        assert tally.faces == 1 + len(detected)
        tally.add(fact_of(verdict(A, Decision.KEEP, 5, NEW_FACES)))
        assert tally.faces == len(detected)
        assert NEW_FACES not in dict(tally.fates(A))

    def test_a_picture_of_no_class_stays_out_whatever_its_boxes(self) -> None:
        tally = tally_of(kept(A, 1), counted(A, 1), normalized(A), verdict(A, Decision.BOX, 4, 0))
        tally.add(fact_of(self.of_verdict(normalized(A), 4)))
        tally.add(fact_of(dropped(A, Reason.UNLABELLED, "tfrecord-packer")))
        assert tally.settlement(A).reason == Reason.UNLABELLED


class TestVerdicts:
    IN = (kept(A, 1), counted(A, 2), normalized(A, 0), normalized(A, 1))
    REJECTED = Settlement(Fate.DROPPED, "person", "rejected")

    def test_a_picture_that_a_person_drops_is_out_whatever_stages_say_later(self) -> None:
        for messages in ([*self.IN, verdict(A, Decision.DROP, 1)], [verdict(A, Decision.DROP, 1), *self.IN]):
            tally = tally_of(*messages)
            assert tally.settlement(A) == self.REJECTED
            assert (list(tally.members()), tally.faces) == ([], 0)

    def test_a_face_that_a_person_drops_leaves_the_others_in(self) -> None:
        tally = tally_of(*self.IN, verdict(A, Decision.DROP, 1, face=1))
        assert tally.settlement(A) == IN_DATASET
        assert list(tally.members()) == [(A, 0, 0)]
        tally.add(fact_of(verdict(A, Decision.DROP, 2, face=0)))
        assert tally.settlement(A) == self.REJECTED

    def test_a_verdict_on_a_face_that_there_is_not_settles_nothing(self) -> None:
        tally = tally_of(kept(A, 1), counted(A, 1), verdict(A, Decision.DROP, 1, face=7))
        assert tally.settlement(A) == UNDECIDED
        tally.add(fact_of(normalized(A)))
        assert tally.settlement(A) == IN_DATASET

    def test_a_later_verdict_undoes_an_earlier_one_in_any_order(self) -> None:
        drop, keep = verdict(A, Decision.DROP, 1), verdict(A, Decision.KEEP, 2)
        for order in ((drop, keep), (keep, drop)):
            tally = tally_of(*self.IN, *order)
            assert tally.settlement(A) == IN_DATASET
            assert tally.verdicts()[-1] == 2

    def test_what_belongs_into_the_data_set_changes_with_each_verdict_that_has_an_effect(self) -> None:
        tally = tally_of(*self.IN)
        packed = tally.changes
        tally.add(fact_of(verdict(A, Decision.KEEP, 1)))
        assert tally.changes == packed
        tally.add(fact_of(verdict(A, Decision.DROP, 2)))
        assert tally.changes > packed


@given(st.lists(facts, max_size=25), st.lists(facts, max_size=10))
def test_a_tally_made_of_the_content_of_another_goes_on_as_that_would(
    messages: list[Message], later: list[Message]
) -> None:
    first = tally_of(*messages)
    meta, columns = first.content()
    second = Tally(json.loads(json.dumps(meta)), columns)
    for message in later:
        assert first.add(fact_of(message)) == second.add(fact_of(message))
    assert (known(first), first.changes, list(first)) == (known(second), second.changes, list(second))


def test_the_largest_numbers_that_messages_hold_fit_into_the_tally() -> None:
    most = 10**9 - 1
    large = {"revision": most, "faces": most, "arrival": most, "face": most}
    tally = Tally()
    for message in (fetched(A), kept(A, 1), counted(A, 1), normalized(A)):
        fields = {name: number for name, number in large.items() if name in type(message).model_fields}
        body = type(message).model_validate(message.model_dump() | fields)
        assert tally.add(fact_of(body))
    assert tally.settlement(A) == UNDECIDED  # of so many faces one is known
    with pytest.raises(ValidationError):
        FaceNormalized(run=RUN, entry=A, image=DIGEST, picture=DIGEST, face=most + 1)


def test_a_picture_with_a_face_takes_less_than_200_bytes_as_the_tally_tells_and_as_python_counts() -> None:
    tracemalloc.start()
    try:
        tally = Tally()
        for number in range(20_000):
            entry = f"{number:020x}"
            for message in (kept(entry, number + 1), counted(entry, 1), normalized(entry)):
                tally.add(fact_of(message))
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken / 20_000 < 200
    assert 0.7 < tally.memory / taken < 1.3
