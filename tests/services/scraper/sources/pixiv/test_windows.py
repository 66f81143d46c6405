from datetime import date
from typing import Any

import pytest

from services.scraper.sources.pixiv.windows import LAST_OFFSET, Position, Step, day_of, query, step
from shared.contract.errors import Poison
from shared.recipe.pixiv import Pixiv

EVERYTHING = Pixiv(word="margot")
FIFTH, FOURTH, THIRD = date(2023, 1, 5), date(2023, 1, 4), date(2023, 1, 3)


def rows(*days: date) -> tuple[dict[str, Any], ...]:
    return tuple({"create_date": f"{day}T12:00:00+09:00"} for day in days)


def after(position: Position, *days: date, section: Pixiv = EVERYTHING, offset: int = LAST_OFFSET + 10) -> Step:
    return step(section, position, rows(*days), offset, [])


def test_the_first_page_is_asked_for_without_days_and_offset() -> None:
    assert query(EVERYTHING, Position()) == {
        "word": "margot",
        "search_target": "partial_match_for_tags",
        "sort": "date_desc",
        "search_ai_type": "1",
    }


def test_a_recipe_s_days_and_the_position_are_asked_for() -> None:
    section = Pixiv(word="margot", since=THIRD, until=FIFTH)
    assert query(section, Position(offset=60)).items() >= {
        ("start_date", "2023-01-03"),
        ("end_date", "2023-01-05"),
        ("offset", "60"),
    }
    assert query(section, Position(until=FOURTH))["end_date"] == "2023-01-04"


def test_a_cursor_names_its_position_as_json() -> None:
    position = Position(until=FOURTH, offset=90, seen=FOURTH)
    assert position.cursor == '{"until":"2023-01-04","offset":90,"seen":"2023-01-04"}'
    assert Position.of(position.cursor) == position
    assert Position.of("") == Position()


@pytest.mark.parametrize("cursor", ["7", "{", '{"offset":"many"}', '{"page":1}'])
def test_another_text_is_no_cursor(cursor: str) -> None:
    with pytest.raises(Poison, match="is no position"):
        Position.of(cursor)


def test_the_last_page_is_followed_by_none() -> None:
    assert step(EVERYTHING, Position(offset=30), rows(FIFTH), None, []) == Step(None)


def test_a_search_that_ends_at_the_wall_goes_on_behind_it() -> None:
    page = rows(*[FIFTH] * 29, FOURTH)
    assert step(EVERYTHING, Position(offset=4980), page, None, []) == Step(Position(until=FOURTH, seen=FOURTH))
    assert step(EVERYTHING, Position(offset=4980), page[:19], None, []) == Step(None)


def test_up_to_the_wall_the_offset_grows() -> None:
    for offset in (30, LAST_OFFSET):
        found = after(Position(), FIFTH, FOURTH, offset=offset)
        assert found == Step(Position(offset=offset, seen=FOURTH))


def test_behind_the_wall_a_window_ends_on_the_last_work_s_day() -> None:
    assert after(Position(offset=4980), FIFTH, FOURTH) == Step(Position(until=FOURTH, seen=FOURTH))
    assert after(Position(until=FIFTH, offset=4980), FIFTH, FOURTH) == Step(Position(until=FOURTH, seen=FOURTH))


def test_a_window_of_one_day_is_followed_by_the_day_before_and_that_is_told() -> None:
    assert after(Position(until=FOURTH, offset=4980), FOURTH) == Step(Position(until=THIRD, seen=FOURTH), FOURTH)


def test_the_recipe_s_own_last_day_may_be_such_a_day_too() -> None:
    section = Pixiv(word="margot", until=FOURTH)
    assert after(Position(offset=4980), FOURTH, section=section) == Step(Position(until=THIRD, seen=FOURTH), FOURTH)


def test_nothing_is_searched_for_before_the_first_day() -> None:
    section = Pixiv(word="margot", since=FOURTH)
    assert after(Position(until=FOURTH, offset=4980), FOURTH, section=section) == Step(None, FOURTH)


def test_a_last_page_of_works_without_days_ends_the_window_on_the_day_that_was_seen_before() -> None:
    found = step(EVERYTHING, Position(offset=4980, seen=FIFTH), ({"create_date": None}, "odd"), 5010, [])
    assert found.position is not None
    assert found.position.until == FIFTH


def test_works_that_never_say_their_day_lead_nowhere() -> None:
    with pytest.raises(Poison, match="when it was posted"):
        step(EVERYTHING, Position(offset=4980), (), 5010, [])


@pytest.mark.parametrize("offset", [0, 30])
def test_an_offset_that_does_not_grow_is_refused(offset: int) -> None:
    with pytest.raises(Poison, match="of a search back to"):
        after(Position(offset=30), FIFTH, offset=offset)


def test_works_that_may_come_again_are_remembered_while_they_may() -> None:
    first = step(EVERYTHING, Position(), rows(FIFTH, FOURTH), 30, [9, 8]).position
    assert first is not None
    assert (first.taken, first.recent) == (2, (9, 8))
    same_day = step(EVERYTHING, first, rows(FOURTH, FOURTH), 60, [7]).position
    assert same_day is not None
    assert (same_day.taken, same_day.recent) == (3, (9, 8, 7))
    next_day = step(EVERYTHING, same_day, rows(FOURTH, THIRD), 90, [6, 5]).position
    assert next_day is not None
    assert (next_day.taken, next_day.recent) == (5, (6, 5))


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2023-01-04T23:59:59+09:00", FOURTH),
        ("2023-01-04T15:00:00+00:00", FIFTH),
        ("2023-01-04T14:59:59Z", FOURTH),
        ("yesterday", None),
        (None, None),
    ],
)
def test_days_are_those_of_japan(said: str | None, day: date | None) -> None:
    assert day_of({"create_date": said}) == day
