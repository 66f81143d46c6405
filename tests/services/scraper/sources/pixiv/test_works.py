from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.scraper.sources.pixiv.descriptions import Picture, Work
from services.scraper.sources.pixiv.works import items_of, limited, original_of, refusal
from shared.contract.reasons import Reason
from shared.recipe.pixiv import Pixiv, PixivAddresses

ORIGINAL = "https://i.pximg.net/img-original/img/2023/01/02/03/04/05/7_p0.png"
WORK = Work(
    number=7,
    kind="illust",
    title="Margot",
    artist=11,
    artist_name="anya",
    tags=("マルゴ", "青髪"),
    translated_tags=("blue hair",),
    restriction=0,
    ai_type=1,
    bookmarks=100,
    views=1000,
    created=datetime(2023, 1, 2, tzinfo=UTC),
    pages=(Picture(ORIGINAL, 640, 480),),
)


@pytest.mark.parametrize(
    ("work", "recipe", "reason"),
    [
        ({}, {}, None),
        ({"restriction": 1}, {}, Reason.WRONG_RATING),
        ({"restriction": 2}, {}, Reason.WRONG_RATING),
        ({"kind": "ugoira"}, {}, Reason.NOT_A_STILL_PICTURE),
        ({"kind": "novel"}, {}, Reason.NOT_A_STILL_PICTURE),
        ({"kind": "manga"}, {}, None),
        ({"ai_type": 2}, {}, Reason.AI_MADE),
        ({"ai_type": 2}, {"ai": True}, None),
        ({"ai_type": 0}, {}, None),
        ({}, {"exclude": ["青髪"]}, Reason.EXCLUDED_TAG),
        ({}, {"exclude": ["Blue Hair"]}, Reason.EXCLUDED_TAG),
        ({}, {"exclude": ["blue"]}, None),
        ({}, {"bookmarks": 101}, Reason.BELOW_FAVOURITES),
        ({}, {"bookmarks": 100}, None),
        ({"bookmarks": None}, {"bookmarks": 1}, Reason.BELOW_FAVOURITES),
        ({"bookmarks": None, "views": None}, {}, None),
        ({"views": None}, {"views": 1}, Reason.BELOW_VIEWS),
        ({}, {"views": 1001}, Reason.BELOW_VIEWS),
        ({}, {"views": 1000}, None),
    ],
)
def test_a_work_is_refused_for_what_the_recipe_does_not_want(
    work: dict[str, Any], recipe: dict[str, Any], reason: Reason | None
) -> None:
    drop = refusal(Pixiv.model_validate({"word": "margot", **recipe}), replace(WORK, **work))
    assert (drop.reason if drop else None) is reason


def test_every_page_of_a_work_is_an_item_that_keeps_its_drop() -> None:
    pages = (WORK.pages[0], Picture(ORIGINAL.replace("_p0", "_p1")))
    drop = limited("for no reason")
    items = list(items_of(Pixiv(word="margot"), replace(WORK, pages=pages), drop))
    assert [(item.origin, item.drop) for item in items] == [("7_p0", drop), ("7_p1", drop)]
    assert [item.state for item in items] == [
        {"file": "img/2023/01/02/03/04/05/7_p0.png"},
        {"file": "img/2023/01/02/03/04/05/7_p1.png"},
    ]


def test_a_page_without_an_original_is_refused_and_its_work_is_named() -> None:
    work = replace(WORK, pages=(WORK.pages[0], Picture()))
    kept, refused = items_of(Pixiv(word="margot"), work, None)
    assert kept.drop is None
    assert refused.drop is not None
    assert refused.drop.reason is Reason.LIMITED_BY_BOARD
    assert refused.place == "https://www.pixiv.net/artworks/7"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (ORIGINAL, "http://127.0.0.1:80/img-original/img/2023/01/02/03/04/05/7_p0.png"),
        ("http://127.0.0.2:81/img-original/img/7_p0.png", "http://127.0.0.2:81/img-original/img/7_p0.png"),
        ("https://i.pximg.net/c/600x1200_90/img-master/img/2023/01/02/03/04/05/7_p0_master1200.jpg", ""),
        ("https://s.pximg.net/common/images/limit_sanity_level_360.png", ""),
        ("", ""),
    ],
)
def test_only_originals_count_and_those_of_the_real_host_are_asked_of_the_recipe_s(said: str, address: str) -> None:
    assert original_of(PixivAddresses(pictures="http://127.0.0.1:80/"), Picture(said)) == address
