from datetime import UTC, datetime
from typing import Any

import pytest

from services.scraper.sources.danbooru.rules import broken_rule
from shared.contract.post import Artist, Post
from shared.contract.reasons import Reason
from shared.recipe.danbooru import Danbooru

POST = Post(
    board="danbooru.donmai.us",
    number=1,
    address="https://danbooru.donmai.us/posts/1",
    artists=(Artist(name="anya"),),
    tags={"artist": ("anya",), "general": ("solo", "smile"), "character": ("margot",)},
    rating="g",
    score=10,
    favourites=20,
    created=datetime(2020, 6, 15, 23, 30, tzinfo=UTC),
    width=500,
    height=400,
)


def reason(post: Post = POST, **fields: Any) -> Reason | None:
    drop = broken_rule(post, Danbooru.model_validate({"tags": ["margot"], **fields}))
    return drop.reason if drop is not None else None


def changed(**fields: Any) -> Post:
    return POST.model_copy(update=fields)


@pytest.mark.parametrize(
    ("rule", "value", "broken"),
    [
        ("score", 10, None),
        ("score", 11, Reason.BELOW_SCORE),
        ("favourites", 20, None),
        ("favourites", 21, Reason.BELOW_FAVOURITES),
        ("smallest", 400, None),
        ("smallest", 401, Reason.TOO_SMALL),
        ("exclude", ["comic"], None),
        ("exclude", ["comic", "smile"], Reason.EXCLUDED_TAG),
        ("exclude", ["anya"], Reason.EXCLUDED_ARTIST),
        ("since", "2020-06-15", None),
        ("since", "2020-06-16", Reason.OUTSIDE_DATES),
        ("until", "2020-06-15", None),
        ("until", "2020-06-14", Reason.OUTSIDE_DATES),
    ],
)
def test_a_post_is_kept_up_to_the_number_in_the_recipe(rule: str, value: Any, broken: Reason | None) -> None:
    assert reason(**{rule: value}) is broken


def test_days_are_those_of_utc_and_last_to_their_end() -> None:
    in_new_york = changed(created=datetime.fromisoformat("2020-06-15T21:00:00-04:00"))
    assert reason(in_new_york, since="2020-06-16", until="2020-06-16") is None


def test_a_rating_that_was_not_asked_for_is_left_out_whatever_the_board_has_sent() -> None:
    assert [reason(changed(rating=rating)) for rating in ("g", "s", "q", "e", "")] == [None, *[Reason.WRONG_RATING] * 4]
    assert reason(changed(rating="s"), ratings=["g", "s"]) is None


@pytest.mark.parametrize(
    ("missing", "rule", "broken"),
    [
        ({"score": None}, {"score": -5}, Reason.BELOW_SCORE),
        ({"favourites": None}, {"favourites": 0}, Reason.BELOW_FAVOURITES),
        ({"created": None}, {"since": "2000-01-01"}, Reason.OUTSIDE_DATES),
        ({"width": 0, "height": 0}, {"smallest": 5}, None),
    ],
)
def test_what_the_board_does_not_say_passes_no_rule_but_the_size_which_the_file_will_tell(
    missing: dict[str, Any], rule: dict[str, Any], broken: Reason | None
) -> None:
    assert reason(changed(**missing)) is None
    assert reason(changed(**missing), **rule) is broken
