"""Which messages are bulk, and in which order two lanes are served."""

from random import Random

import pytest

from shared.bus.lanes import EXPRESS_MESSAGES, Lanes, in_lanes, is_bulk
from shared.contract.messages import RunRequested, Stamp

MANY = [RunRequested(run="anya-001", source=source) for source in range(4 * EXPRESS_MESSAGES)]


def express(bulk: bool = False, batch_size: int = 1) -> list[RunRequested]:
    return [message for message, is_bulk in in_lanes(MANY, bulk, batch_size) if not is_bulk]  # type: ignore[misc]


def test_the_first_messages_that_are_made_of_one_are_express_and_all_others_bulk() -> None:
    assert express() == MANY[:EXPRESS_MESSAGES]
    assert [message for message, _ in in_lanes(MANY)] == MANY


def test_what_is_made_of_several_messages_may_be_as_many_times_express() -> None:
    assert express(batch_size=3) == MANY[: 3 * EXPRESS_MESSAGES]


def test_whatever_is_made_of_bulk_is_bulk() -> None:
    assert express(bulk=True) == express(bulk=True, batch_size=3) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (MANY[0].encode(Stamp(stage="me", bulk=True)), True),
        (MANY[0].encode(Stamp(stage="me")), False),
        (MANY[0].encode(), False),
        (b"no message", False),
    ],
)
def test_an_encoded_message_tells_whether_it_is_bulk(body: bytes, expected: bool) -> None:
    assert is_bulk(body) == expected


def test_a_message_that_is_not_bulk_does_not_say_so() -> None:
    assert b"bulk" not in MANY[0].encode(Stamp(stage="me"))


def filled(express: str, bulk: str) -> Lanes[str]:
    lanes = Lanes[str]()
    for name in express:
        lanes.add(name, bulk=False)
    for name in bulk:
        lanes.add(name, bulk=True)
    return lanes


def taken(lanes: Lanes[str]) -> str:
    return "".join(lanes.take() for _ in range(len(lanes)))


@pytest.mark.parametrize(
    ("express", "bulk", "expected"),
    [("abc", "xyz", "axbycz"), ("a", "xyz", "axyz"), ("abc", "x", "axbc"), ("", "xy", "xy"), ("ab", "", "ab")],
)
def test_lanes_take_turns_while_both_have_some(express: str, bulk: str, expected: str) -> None:
    assert taken(filled(express, bulk)) == expected


def test_a_lane_that_was_served_alone_lets_the_other_go_first() -> None:
    lanes = filled("", "xy")
    lanes.take()
    lanes.add("a", bulk=False)
    assert taken(lanes) == "ay"


def test_what_is_put_back_is_the_first_of_its_lane() -> None:
    lanes = filled("ab", "xy")
    lanes.put_back("w", bulk=True)
    assert taken(lanes) == "awbxy"
    assert lanes.waiting(bulk=True) == 0


def test_what_is_chosen_by_its_place_is_taken_and_nothing_gets_lost() -> None:
    assert filled("abc", "").take(lambda waiting: waiting - 1) == "c"
    lanes, random = filled("abc", "xyz"), Random(1)
    assert sorted(lanes.take(random.randrange) for _ in range(6)) == list("abcxyz")
