import json
from itertools import chain
from pathlib import Path

import pytest
from PIL import ImageDraw

from services.deduper.judging import MOST_BYTES, Judging, Rules
from shared.contract import keys
from shared.contract.errors import StoreUnavailable
from shared.contract.messages import (
    ImageFingerprinted,
    ImageKept,
    ImageSuperseded,
    KeeperSettled,
    Message,
    PairDecision,
    PairGiven,
)
from shared.contract.owner import Received
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.ledger.verdicts import Verdict, give
from shared.recipe.duplicates import Duplicates
from shared.runtime.execution import action_of
from tests.services.deduper.conftest import Arrived, Drawing, WithOriginals

RULES = Rules("anya", Duplicates())


def test_what_the_index_decides_is_no_action(drawing: Drawing, arrived: Arrived) -> None:
    assert action_of(Judging(), arrived(drawing(0)), RULES) is None


def test_a_better_copy_that_arrives_later_supersedes(drawing: Drawing, arrived: Arrived, context: Context) -> None:
    small, large = arrived(drawing(0).resize((200, 250)), 1), arrived(drawing(0), 2)
    stage = Judging()
    assert stage.process(small, RULES, context) == [
        ImageKept(run="run-001", entry=small.entry, image=small.image, arrival=1, decisions=1)
    ]
    second = {"run": "run-001", "arrival": 2, "decisions": 2}
    assert stage.process(large, RULES, context) == [
        ImageKept(entry=large.entry, image=large.image, **second),
        ImageSuperseded(
            entry=small.entry,
            image=small.image,
            by=large.image,
            keeper=large.entry,
            **{"reason": Reason.NEAR_DUPLICATE, **second},
        ),
    ]


def test_a_worse_copy_that_arrives_later_is_superseded(drawing: Drawing, arrived: Arrived, context: Context) -> None:
    stage = Judging()
    first, again = arrived(drawing(0), 1), arrived(drawing(0), 2)
    stage.process(first, RULES, context)
    [judged] = stage.process(again, RULES, context)
    assert isinstance(judged, ImageSuperseded)
    assert (judged.entry, judged.by, judged.reason) == (again.entry, first.image, Reason.EXACT_DUPLICATE)


def _arrivals(drawing: Drawing, arrived: Arrived) -> list[ImageFingerprinted]:
    """Of each of two drawings a small copy, the drawing itself, and a copy in between."""
    sizes = ((200, 250), (400, 500), (300, 375))
    return [
        arrived(drawing(seed).resize(size), 10 * seed + number)
        for number, size in enumerate(sizes)
        for seed in range(2)
    ]


def test_a_redelivered_entry_is_answered_as_it_was_at_its_arrival(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    messages, stage = _arrivals(drawing, arrived), Judging()
    published = [list(stage.process(message, RULES, context)) for message in messages]
    assert [list(stage.process(message, RULES, context)) for message in messages] == published
    assert [list(Judging().process(message, RULES, context)) for message in messages] == published


def test_a_new_process_goes_on_from_the_arrivals_in_the_store(
    drawing: Drawing, arrived: Arrived, context: Context, tmp_path: Path, originals: dict[str, bytes]
) -> None:
    messages, stage = _arrivals(drawing, arrived), Judging()
    undisturbed = [list(stage.process(message, RULES, context)) for message in messages]
    other = Context(WithOriginals(tmp_path / "other", originals))
    assert [list(Judging().process(message, RULES, other)) for message in messages] == undisturbed


def test_two_consumers_at_once_never_use_a_number_twice(drawing: Drawing, arrived: Arrived, context: Context) -> None:
    messages, stages = _arrivals(drawing, arrived), (Judging(), Judging())
    judged = [list(stages[number % 2].process(message, RULES, context)) for number, message in enumerate(messages)]
    assert [{judgement.arrival for judgement in published} for published in judged] == [{n} for n in range(1, 7)]  # type: ignore[attr-defined]
    assert _last_word(judged) == _last_word([list(Judging().process(message, RULES, context)) for message in messages])


def _last_word(judged: list[list[Message]]) -> dict[str, tuple[str, str | None]]:
    flat = sorted((message for published in judged for message in published), key=lambda message: message.arrival)  # type: ignore[attr-defined]
    return {message.entry: (message.kind(), getattr(message, "by", None)) for message in flat}  # type: ignore[attr-defined]


class _Failing(WithOriginals):
    """A folder store that has no room for arrivals for a while."""

    full = False

    def put_new(self, key: str, data: bytes) -> bool:
        if self.full and "/arrivals/" in key:
            raise StoreUnavailable("away")
        return super().put_new(key, data)


def test_an_arrival_that_could_not_be_written_down_has_not_happened(
    drawing: Drawing, arrived: Arrived, context: Context, tmp_path: Path, originals: dict[str, bytes]
) -> None:
    messages, store = _arrivals(drawing, arrived), _Failing(tmp_path / "failing", originals)
    stage, failing = Judging(), Context(store)
    published = []
    for message in messages:
        store.full = True
        with pytest.raises(StoreUnavailable):
            stage.process(message, RULES, failing)
        store.full = False
        published.append(stage.process(message, RULES, failing))
    undisturbed = Judging()
    assert published == [undisturbed.process(message, RULES, context) for message in messages]


def test_a_damaged_arrival_is_named(drawing: Drawing, arrived: Arrived, context: Context) -> None:
    messages = _arrivals(drawing, arrived)
    Judging().process(messages[0], RULES, context)
    context.store.put(keys.arrival("run-001", 1), b"")
    with pytest.raises(StoreUnavailable, match=r"arrivals/00000001\.jsonl is damaged"):
        Judging().process(messages[1], RULES, context)


def test_a_batch_is_one_object_and_judged_as_its_messages_one_by_one(
    drawing: Drawing, arrived: Arrived, context: Context, tmp_path: Path, originals: dict[str, bytes]
) -> None:
    messages = _arrivals(drawing, arrived)
    first = Judging()
    one_by_one = [list(first.process(message, RULES, context)) for message in messages]
    other = Context(WithOriginals(tmp_path / "other", originals))
    stage, batch = Judging(), [Received.of(message) for message in messages]
    assert stage.process_batch("run-001", batch[:4] + batch[:2], RULES, other) == list(chain(*one_by_one[:4]))
    assert stage.process_batch("run-001", batch[2:], RULES, other) == list(chain(*one_by_one[2:]))
    assert list(other.store.list(keys.arrival("run-001"))) == [keys.arrival("run-001", n) for n in (1, 5)]
    assert [list(Judging().process(message, RULES, other)) for message in messages] == one_by_one


@pytest.mark.parametrize("most_bytes", [0, MOST_BYTES])
def test_runs_do_not_know_of_each_other(drawing: Drawing, arrived: Arrived, context: Context, most_bytes: int) -> None:
    stage = Judging(most_bytes)
    runs = [f"run-{number:03d}" for number in range(3)]
    for entry in range(2):
        for run in runs:
            message = arrived(drawing(entry), entry).model_copy(update={"run": run})
            [judged] = stage.process(message, RULES, context)
            assert isinstance(judged, ImageKept)
            assert (judged.run, judged.arrival) == (run, entry + 1)


def test_ten_runs_in_turn_are_remembered_without_a_look_at_their_arrivals(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    stage = Judging()
    runs = [f"run-{number:03d}" for number in range(10)]
    for entry in range(2):
        for run in runs:
            [judged] = stage.process(arrived(drawing(entry), entry).model_copy(update={"run": run}), RULES, context)
            assert isinstance(judged, ImageKept)
            assert judged.arrival == entry + 1
            context.store.delete(keys.arrival(run, entry + 1))


def test_an_arrival_holds_the_fingerprint_and_the_decisions(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    message = arrived(drawing(0))
    Judging().process(message, RULES, context)
    assert json.loads(context.store.get(keys.arrival("run-001", 1))) == {
        "fingerprint": message.model_dump(mode="json"),
        "decisions": [
            {
                "entry": message.entry,
                "image": message.image,
                "by": None,
                "reason": None,
                "keeper": None,
                "passed_over": False,
            }
        ],
        "pairs": {},
        "resolutions": {},
        "nearly": {},
    }


def test_arrivals_of_before_pictures_were_looked_at_are_taken_up(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    """A line of then has two more hashes and colours, and neither words nor what was found."""
    first, copy = arrived(drawing(0), 1), arrived(drawing(0).resize((200, 250)), 2, quality=70)
    then = first.model_dump(mode="json", exclude={"words", "fresh"})
    then |= {"dhash": "0" * 16, "mirrored_dhash": "0" * 16, "colours": "7f" * 48}
    decision = {"entry": first.entry, "image": first.image, "by": None, "reason": None}
    line = json.dumps({"fingerprint": then, "decisions": [decision]}).encode() + b"\n"
    context.store.put(keys.arrival("run-001", 1), line)
    [judged] = Judging().process(copy, RULES, context)
    assert isinstance(judged, ImageSuperseded)
    assert (judged.arrival, judged.by, judged.reason) == (2, first.image, Reason.NEAR_DUPLICATE)


def _fallen(message: ImageFingerprinted, out: bool = True) -> KeeperSettled:
    return KeeperSettled(run=message.run, entry=message.entry, out=out)


def test_the_next_best_copy_is_kept_while_the_best_is_out_of_the_run(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    copies = [
        arrived(drawing(0).resize(size), number) for number, size in enumerate(((400, 500), (300, 375), (200, 250)))
    ]
    best, second, third = copies
    stage = Judging()
    for copy in copies:
        stage.process(copy, RULES, context)
    third_decision, near = {"run": "run-001", "arrival": 4, "decisions": 3}, Reason.NEAR_DUPLICATE
    answer = stage.process(_fallen(best), RULES, context)
    assert answer == [
        ImageKept(entry=best.entry, image=best.image, passed_over=True, **third_decision),
        ImageKept(entry=second.entry, image=second.image, **third_decision),
        ImageSuperseded(
            entry=third.entry,
            image=third.image,
            by=second.image,
            keeper=second.entry,
            **{"reason": near, **third_decision},
        ),
    ]
    assert stage.process(_fallen(best), RULES, context) == answer
    assert Judging().process(_fallen(best), RULES, context) == answer
    back = Judging().process(_fallen(best, out=False), RULES, context)
    assert [(each.entry, each.arrival, getattr(each, "by", None)) for each in back] == [
        (best.entry, 5, None),
        (second.entry, 5, best.image),
        (third.entry, 5, best.image),
    ]


def test_a_copy_that_comes_when_the_best_has_left_the_run_is_kept(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    best, copy = arrived(drawing(0), 1), arrived(drawing(0).resize((200, 250)), 2)
    Judging().process(best, RULES, context)
    Judging().process(_fallen(best), RULES, context)
    about = {"run": "run-001", "entry": copy.entry, "image": copy.image}
    assert Judging().process(copy, RULES, context) == [ImageKept(arrival=3, decisions=1, **about)]


def test_news_of_what_never_arrived_or_never_left_is_not_answered(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    stage, message = Judging(), arrived(drawing(0), 1)
    assert stage.process(_fallen(message), RULES, context) == []
    stage.process(message, RULES, context)
    assert stage.process(_fallen(message, out=False), RULES, context) == []
    assert list(context.store.list(keys.arrival("run-001"))) == [keys.arrival("run-001", 1)]


def _pair(one: ImageFingerprinted, other: ImageFingerprinted, decision: PairDecision, number: int) -> PairGiven:
    return PairGiven(run=one.run, image=one.image, other=other.image, decision=decision, number=number)


def test_a_persons_word_about_a_pair_goes_before_what_looking_shows(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    one, copy, another = arrived(drawing(0), 1), arrived(drawing(0).resize((200, 250)), 2), arrived(drawing(1), 3)
    stage = Judging()
    for message in (one, copy, another):
        stage.process(message, RULES, context)
    apart, same = _pair(copy, one, PairDecision.APART, 1), _pair(one, another, PairDecision.SAME, 2)
    answer = stage.process(apart, RULES, context)
    assert {each.entry: type(each) for each in answer} == {one.entry: ImageKept, copy.entry: ImageKept}
    back = stage.process(_pair(one, copy, PairDecision.SAME, 3), RULES, context)
    assert {each.entry: getattr(each, "by", None) for each in back} == {one.entry: None, copy.entry: one.image}
    merged = Judging().process(same, RULES, context)
    of_pair = [type(each) for each in merged if each.entry in (one.entry, another.entry)]
    assert sorted(of_pair, key=str) == [ImageKept, ImageSuperseded]
    assert stage.process(same, RULES, context) == Judging().process(same, RULES, context) == merged
    assert Judging().process(apart, RULES, context) == back  # the later word about the pair


def test_verdicts_about_pairs_hold_for_what_arrives_later(drawing: Drawing, arrived: Arrived, context: Context) -> None:
    one, copy, another = arrived(drawing(0), 1), arrived(drawing(0).resize((200, 250)), 2), arrived(drawing(1), 3)
    for other, decision in ((copy, PairDecision.APART), (another, PairDecision.SAME)):
        verdict = Verdict(image=one.image, other=other.image, decision=decision, who="me")
        give(context.store, "anya", verdict)
    stage = Judging()
    judged = [stage.process(message, RULES, context) for message in (one, copy, another)]
    assert [type(each) for each in judged[1]] == [ImageKept]
    assert {type(each) for each in judged[2]} & {ImageSuperseded}
    elsewhere = _pair(one, another, PairDecision.SAME, 9).model_copy(update={"run": "empty"})
    assert stage.process(elsewhere, RULES, context) == []


def test_a_picture_that_is_nearly_a_copy_is_kept_and_says_of_what(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    winking = drawing(0).copy()
    ImageDraw.Draw(winking).ellipse((150, 210, 230, 280), fill="#103070", outline="#f0e0a0", width=8)
    one, other = arrived(drawing(0), 1), arrived(winking, 2)
    rules = Rules("anya", Duplicates(strictness=88))
    Judging().process(one, rules, context)
    [judged] = Judging().process(other, rules, context)
    assert isinstance(judged, ImageKept)
    assert judged.nearly == (one.image,)
    assert Judging().process(other, rules, context) == [judged]


def test_a_picture_that_comes_again_is_answered_with_what_was_decided_about_it_last(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    one, copy, another = arrived(drawing(0), 1), arrived(drawing(0).resize((200, 250)), 2), arrived(drawing(1), 3)
    for message in (one, copy, another, _fallen(one)):
        Judging().process(message, RULES, context)
    again = Judging().process(copy, RULES, context)
    assert [(each.entry, each.arrival) for each in again] == [(copy.entry, 2), (one.entry, 4), (copy.entry, 4)]
    assert isinstance(again[-1], ImageKept)
    assert [each.arrival for each in Judging().process(another, RULES, context)] == [3]


def test_a_verdict_of_which_no_message_has_come_is_found_with_the_next_picture(
    drawing: Drawing, arrived: Arrived, context: Context
) -> None:
    one, copy, another = arrived(drawing(0), 1), arrived(drawing(0).resize((200, 250)), 2), arrived(drawing(1), 3)
    stage = Judging()
    for message in (one, copy):
        stage.process(message, RULES, context)
    give(context.store, "anya", Verdict(image=copy.image, other=one.image, decision=PairDecision.APART, who="me"))
    judged = stage.process(another, RULES, context)
    assert {each.entry: type(each) for each in judged} == dict.fromkeys(
        (one.entry, copy.entry, another.entry), ImageKept
    )
