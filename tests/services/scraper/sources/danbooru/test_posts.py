from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.scraper.sources.danbooru.posts import FIELDS, Row, identified, place_of, post_of, refused
from shared.contract.post import Artist, PixivPage
from shared.contract.reasons import Reason

BOARD = "https://danbooru.donmai.us"
ROW = {
    "id": 42,
    "created_at": "2020-06-15T21:00:00.000-04:00",
    "score": 10,
    "fav_count": 20,
    "rating": "g",
    "md5": "0123456789abcdef0123456789abcdef",
    "image_width": 500,
    "image_height": 400,
    "file_ext": "png",
    "file_size": 1234,
    "file_url": "https://cdn.donmai.us/original/01/23/x.png",
    "large_file_url": "https://cdn.donmai.us/sample/01/23/sample-x.jpg",
    "preview_file_url": "https://cdn.donmai.us/180x180/01/23/x.jpg",
    "source": "https://i.pximg.net/img-original/img/2020/06/15/00/00/00/9000_p3.png",
    "pixiv_id": 9000,
    "is_banned": False,
    "is_deleted": False,
    "bit_flags": 0,
    "tag_string_artist": "anya b&b",
    "tag_string_general": "solo smile",
    "tag_string_character": "margot",
    "tag_string_copyright": "",
    "tag_string_meta": "",
}


def row(**fields: Any) -> Row:
    return Row.model_validate({**ROW, **fields})


def reason(wants_deleted: bool = False, **fields: Any) -> Reason | None:
    drop = refused(row(**fields), wants_deleted)
    return drop.reason if drop is not None else None


def test_a_post_is_what_the_board_says_of_it() -> None:
    post = post_of(row(), BOARD)
    assert (post.board, post.number, post.address) == ("danbooru.donmai.us", 42, f"{BOARD}/posts/42")
    assert (post.score, post.favourites, post.rating) == (10, 20, "g")
    assert (post.width, post.height, post.bytes, post.md5) == (500, 400, 1234, ROW["md5"])
    assert post.created == datetime.fromisoformat("2020-06-16T01:00:00+00:00")
    assert post.tags == {"artist": ("anya", "b&b"), "general": ("solo", "smile"), "character": ("margot",)}
    assert post.artists[1] == Artist(name="b&b", address=f"{BOARD}/artists/show_or_new?name=b%26b")
    assert post.thumbnail == ROW["preview_file_url"]


def test_the_original_is_fetched_and_never_a_sample() -> None:
    assert place_of(row(), BOARD) == ROW["file_url"]
    assert place_of(row(file_url=None), BOARD) == ""


def test_a_board_may_give_addresses_from_its_own_root() -> None:
    assert place_of(row(file_url="/data/original/x.png"), BOARD) == f"{BOARD}/data/original/x.png"


@pytest.mark.parametrize(
    ("source", "work", "page"),
    [
        (ROW["source"], 9000, PixivPage(work=9000, number=3)),
        (ROW["source"], None, PixivPage(work=9000, number=3)),
        (ROW["source"], 1, None),
        ("https://www.pixiv.net/artworks/9000", 9000, None),
        ("https://example.net/9000_p3.png", 9000, None),
        (None, 9000, None),
    ],
)
def test_a_page_of_a_work_is_known_only_where_the_source_is_the_address_of_its_file(
    source: str | None, work: int | None, page: PixivPage | None
) -> None:
    assert post_of(row(source=source, pixiv_id=work), BOARD).pixiv == page


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"is_banned": True, "file_url": None, "md5": None}, Reason.BANNED),
        ({"is_banned": True}, Reason.BANNED),
        ({"bit_flags": 4, "file_url": None, "md5": None}, Reason.TAKEN_DOWN),
        ({"bit_flags": 6}, Reason.TAKEN_DOWN),
        ({"bit_flags": 2}, None),
        ({"file_url": None, "md5": None}, Reason.RESTRICTED),
        ({"is_deleted": True}, Reason.DELETED),
        ({"file_ext": "mp4"}, Reason.NOT_A_STILL_PICTURE),
        ({"file_ext": "webm"}, Reason.NOT_A_STILL_PICTURE),
        ({"file_ext": "zip"}, Reason.NOT_A_STILL_PICTURE),
        ({"file_ext": "swf"}, Reason.NOT_A_STILL_PICTURE),
        ({"file_ext": "gif"}, None),
        ({"file_ext": "gif", "tag_string_meta": "animated highres"}, Reason.NOT_A_STILL_PICTURE),
        ({"tag_string_meta": "non-animated"}, None),
    ],
)
def test_a_post_that_cannot_or_may_not_be_fetched_says_why(fields: dict[str, Any], expected: Reason | None) -> None:
    assert reason(**fields) is expected


def test_deleted_posts_may_be_wanted() -> None:
    assert reason(wants_deleted=True, is_deleted=True) is None


def test_a_board_that_says_little_is_understood() -> None:
    post = post_of(Row.model_validate({"id": 1, "file_url": "/x.png"}), BOARD)
    assert (post.md5, post.tags, post.artists, post.rating, post.width) == (None, {}, (), "", 0)


@pytest.mark.parametrize(
    ("value", "number"), [({"id": 5}, 5), ({"id": "5"}, None), ({}, None), ([], None), (None, None)]
)
def test_rows_that_are_no_posts_have_no_number(value: Any, number: int | None) -> None:
    assert identified(value) == number


def test_a_row_of_other_types_is_an_error() -> None:
    with pytest.raises(ValidationError):
        row(image_width="wide")


def test_the_board_is_asked_for_the_fields_that_tell_why_a_post_is_hidden() -> None:
    assert {"is_banned", "bit_flags", "md5", "file_url", "is_deleted"} <= set(FIELDS.split(","))
