from typing import Any

import pytest
from pydantic import ValidationError

from services.scraper.sources.pixiv.descriptions import (
    Picture,
    is_limited,
    with_web_pages,
    work_of_app,
    work_of_web,
)

ORIGINAL = "https://i.pximg.net/img-original/img/2023/01/02/03/04/05/7_p0.png"
PLACEHOLDER = "https://s.pximg.net/common/images/limit_mypixiv_360.png"
LEAST_OF_APP = {"id": 7, "type": "illust", "x_restrict": 0, "meta_single_page": {"original_image_url": ORIGINAL}}
LEAST_OF_WEB = {"id": "7", "illustType": 0, "xRestrict": 0, "urls": {"original": ORIGINAL}}


def test_both_sides_describe_a_work_alike() -> None:
    app = {
        **LEAST_OF_APP,
        "title": "Margot",
        "user": {"id": 11, "name": "anya"},
        "tags": [{"name": "青髪", "translated_name": "blue hair"}, {"name": "マルゴ", "translated_name": None}],
        "illust_ai_type": 1,
        "total_bookmarks": 5100,
        "total_view": 60_000,
        "create_date": "2023-01-02T03:04:05+09:00",
        "width": 640,
        "height": 480,
        "meta_pages": [],
    }
    web = {
        **LEAST_OF_WEB,
        "title": "Margot",
        "userId": "11",
        "userName": "anya",
        "tags": {"tags": [{"tag": "青髪", "translation": {"en": "blue hair"}}, {"tag": "マルゴ"}]},
        "aiType": 1,
        "bookmarkCount": 5100,
        "viewCount": 60_000,
        "createDate": "2023-01-01T18:04:05+00:00",
        "pageCount": 1,
        "width": 640,
        "height": 480,
    }
    assert work_of_app(app) == work_of_web(web)


@pytest.mark.parametrize(("read", "least"), [(work_of_app, LEAST_OF_APP), (work_of_web, LEAST_OF_WEB)])
def test_what_is_not_said_is_unknown_and_not_zero(read: Any, least: dict[str, Any]) -> None:
    work = read(least)
    assert (work.number, work.bookmarks, work.views, work.created) == (7, None, None, None)
    assert work.pages == (Picture(ORIGINAL),)


@pytest.mark.parametrize("missing", ["id", "type", "x_restrict"])
def test_a_work_of_unknown_number_kind_or_rating_is_none(missing: str) -> None:
    with pytest.raises(ValidationError):
        work_of_app({name: value for name, value in LEAST_OF_APP.items() if name != missing})


@pytest.mark.parametrize("missing", ["id", "illustType", "xRestrict"])
def test_nor_is_one_of_the_web(missing: str) -> None:
    with pytest.raises(ValidationError):
        work_of_web({name: value for name, value in LEAST_OF_WEB.items() if name != missing})


def test_pages_that_are_not_shown_are_pages_all_the_same() -> None:
    several = {**LEAST_OF_APP, "page_count": 3, "meta_single_page": {}}
    pages = [{"image_urls": {"original": ORIGINAL}}, {"image_urls": {"large": ORIGINAL}}]
    assert work_of_app({**several, "meta_pages": pages}).pages == (Picture(ORIGINAL), Picture(), Picture())
    work = work_of_web({**LEAST_OF_WEB, "pageCount": 3})
    assert work.pages == (Picture(ORIGINAL), Picture(), Picture())
    body = [{"urls": {"original": ORIGINAL, "small": "s"}, "width": 4, "height": 3}] * 2
    assert with_web_pages(work, body).pages == (*[Picture(ORIGINAL, 4, 3, "s")] * 2, Picture())


@pytest.mark.parametrize(
    ("row", "limited"),
    [
        (LEAST_OF_APP, False),
        ({**LEAST_OF_APP, "visible": True}, False),
        ({**LEAST_OF_APP, "visible": False}, True),
        ({**LEAST_OF_APP, "meta_single_page": {"original_image_url": PLACEHOLDER}}, True),
        ("no work", False),
    ],
)
def test_a_limited_work_is_told_by_its_visibility_or_its_placeholder(row: Any, limited: bool) -> None:
    assert is_limited(row) is limited
