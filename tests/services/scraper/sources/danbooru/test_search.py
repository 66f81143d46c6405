from typing import Any

import pytest

from services.scraper.sources.danbooru.search import Position, check_number_of_tags, query, query_of_changes
from shared.contract.errors import RunUnusable
from shared.recipe.danbooru import Danbooru, Order


def wanted(*tags: str, **fields: Any) -> Danbooru:
    return Danbooru.model_validate({"tags": tags or ["margot"], **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "margot rating:g -status:deleted"),
        ({"ratings": ["g", "s"]}, "margot rating:g,s -status:deleted"),
        ({"deleted": True}, "margot rating:g"),
        ({"order": "score"}, "margot order:score rating:g -status:deleted"),
        ({"order": "favourites"}, "margot order:favcount rating:g -status:deleted"),
    ],
)
def test_the_board_is_asked_for_tags_order_and_what_does_not_count(fields: dict[str, Any], expected: str) -> None:
    assert query(wanted(**fields)) == expected


def test_changes_are_asked_for_where_another_tag_is_allowed() -> None:
    assert query_of_changes(wanted("solo", ratings=["g", "s"])) == "solo order:change rating:g,s -status:deleted"
    assert query_of_changes(wanted("solo", "margot")) is None


def test_numbers_and_excluded_tags_do_not_change_the_search() -> None:
    rules = {"score": 5, "favourites": 3, "smallest": 400, "since": "2020-01-01", "exclude": ["comic"], "limit": 9}
    assert query(wanted(**rules)) == query(wanted())


@pytest.mark.parametrize(
    ("tags", "order", "has_login"),
    [(1, "newest", False), (2, "newest", False), (1, "score", False), (3, "newest", True), (2, "favourites", True)],
)
def test_a_search_within_the_limit_is_made(tags: int, order: str, has_login: bool) -> None:
    check_number_of_tags(wanted(*[f"tag{number}" for number in range(tags)], order=order), has_login)


@pytest.mark.parametrize(("tags", "order"), [(3, "newest"), (2, "score"), (2, "favourites")])
def test_a_search_of_too_many_tags_is_refused_with_what_to_do(tags: int, order: str) -> None:
    with pytest.raises(RunUnusable, match=r"^danbooru.tags: .*MAGRITTE_DANBOORU_LOGIN") as caught:
        check_number_of_tags(wanted(*[f"tag{number}" for number in range(tags)], order=order), has_login=False)
    assert ("which counts as one" in str(caught.value)) == (order != "newest")


def test_a_walk_of_the_newest_begins_above_all_posts() -> None:
    assert Position.first(Order.NEWEST).page == "b1000000000"
    assert Position.first(Order.SCORE).page == "1"


def test_a_position_is_read_back_from_its_cursor() -> None:
    for position in (Position(123, True, 45), Position(7, False)):
        assert Position.parse(str(position)) == position


@pytest.mark.parametrize("cursor", ["b12", "12", "a12/0", "b12/0 ", "x", "b-1/0"])
def test_other_texts_are_no_cursors(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a place in a walk"):
        Position.parse(cursor)


def test_a_walk_goes_on_below_the_lowest_number_of_a_page_however_short_it_is() -> None:
    assert Position(1000, True, 5).after([990, 970, 980], kept=2) == Position(970, True, 7)
    assert Position(1000, True).after([999], kept=1) == Position(999, True, 1)


def test_numbered_pages_are_counted() -> None:
    assert Position(3, False, 5).after([990, 970], kept=1) == Position(4, False, 6)


def test_a_page_without_posts_is_the_last_one() -> None:
    assert Position(1000, True).after([], kept=0) is None
    assert Position(3, False).after([], kept=0) is None


def test_no_numbered_page_is_asked_for_after_the_1000th() -> None:
    assert Position(999, False).after([1], kept=0) == Position(1000, False)
    assert Position(1000, False).after([1], kept=0) is None


def test_a_board_that_does_not_come_further_down_is_left() -> None:
    with pytest.raises(RunUnusable, match="lists 1000 again"):
        Position(1000, True).after([1000, 1001], kept=0)
