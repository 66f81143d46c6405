"""Posts from what gallery-dl says of files of boards of different families."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.scraper.sources.gallery.fields import CATEGORIES, FAMILIES, USUAL, wanted_fields
from services.scraper.sources.gallery.posts import Posts
from shared.contract.post import PixivPage, Post
from shared.contract.reasons import Reason
from shared.recipe.gallery import Gallery, Software

MD5 = "0123456789abcdef0123456789abcdef"
DANBOORU = {
    "_url": "https://files.example/original/a.png",
    "category": "danbooru",
    "id": 7,
    "md5": MD5.upper(),
    "rating": "g",
    "score": 12,
    "fav_count": 30,
    "file_size": 1000,
    "image_width": 800,
    "image_height": 600,
    "date": "2024-05-01 15:09:00",
    "extension": "png",
    "tags": ["anya", "margot", "solo"],
    "tags_artist": ["anya"],
    "tags_character": ["margot"],
    "tags_general": ["solo"],
    "tags_copyright": [],
    "source": "https://i.pximg.net/img-original/img/2024/01/01/00/00/00/90000000_p2.png",
    "pixiv_id": 90000000,
    "is_deleted": False,
    "is_banned": False,
}
E621 = {
    "_url": "https://files.example/b.jpg",
    "category": "e621",
    "id": 8,
    "rating": "s",
    "score": {"up": 5, "down": -1, "total": 4},
    "file": {"md5": MD5, "size": 2000, "width": 10, "height": 20, "ext": "jpg", "url": "https://files.example/b.jpg"},
    "preview": {"url": "https://files.example/small.jpg"},
    "tags": ["anya", "solo"],
    "tags_artist": ["anya"],
    "tags_general": ["solo"],
    "sources": ["https://artist.example/1", "https://artist.example/2"],
    "flags": {"deleted": False},
}
YANDERE = {
    "_url": "https://files.example/c.png",
    "category": "yandere",
    "id": 9,
    "rating": "s",
    "md5": MD5,
    "file_size": 3000,
    "width": 30,
    "height": 40,
    "tags": "margot solo tag&#039;s",
    "status": "active",
}
SZURUBOORU = {
    "_url": "https://files.example/d.png",
    "category": "board.example",
    "id": 10,
    "safety": "safe",
    "checksumMD5": MD5,
    "fileSize": 4000,
    "canvasWidth": 50,
    "canvasHeight": 60,
    "tags": ["margot"],
    "tags_default": ["margot"],
    "favoriteCount": 3,
}
DERPIBOORU = {
    "_url": "https://files.example/e.png",
    "category": "derpibooru",
    "id": 11,
    "tags": ["safe", "artist:anya", "solo"],
    "size": 5000,
    "faves": 4,
    "score": 5,
}
DEVIANTART = {
    "_url": "https://files.example/f.png?token=1",
    "category": "deviantart",
    "index": 12,
    "url": "https://www.deviantart.com/anya/art/a-12",
    "author": {"username": "anya"},
    "title": "A title",
    "is_mature": False,
    "stats": {"favourites": 6},
    "tags": ["margot"],
}
PIXIV = {
    "_url": "https://i.pximg.net/a_p3.png",
    "category": "pixiv",
    "id": 13,
    "num": 3,
    "user": {"name": "Anya"},
    "x_restrict": 0,
    "rating": "General",
    "total_bookmarks": 7,
    "total_view": 8,
    "tags": ["マルゴ"],
}
UNHEARD_OF = {
    "_url": "https://files.example/g.png",
    "category": "unheard",
    "post_id": "abc",
    "num": 2,
    "artist": "Anya B",
}


def posts(software: Software | None = None, **fields: Any) -> Posts:
    address = "https://www.Board.example:8080/posts?tags=margot"
    return Posts(Gallery.model_validate({"address": address, "software": software, **fields}))


def post(row: dict[str, Any], software: Software | None = None) -> Post:
    return posts(software).post(row)


def reason(row: dict[str, Any], software: Software | None = None, **fields: Any) -> Reason | None:
    made = posts(software, **fields)
    drop = made.refused(row, made.post(row))
    return drop.reason if drop is not None else None


def test_everything_that_a_danbooru_says_is_known() -> None:
    found = post(DANBOORU)
    assert (found.board, found.number, found.page) == ("board.example:8080", 7, 0)
    assert found.address == "https://www.Board.example:8080/posts/7"
    assert found.tags == {"artist": ("anya",), "character": ("margot",), "general": ("solo",)}
    assert [artist.name for artist in found.artists] == ["anya"]
    assert (found.rating, found.score, found.favourites) == ("g", 12, 30)
    assert (found.md5, found.bytes, found.width, found.height) == (MD5, 1000, 800, 600)
    assert found.created == datetime(2024, 5, 1, 15, 9, tzinfo=UTC)
    assert found.pixiv == PixivPage(work=90000000, number=2)


def test_nested_fields_are_found() -> None:
    found = post(E621)
    assert (found.md5, found.bytes, found.width, found.height, found.score) == (MD5, 2000, 10, 20, 4)
    assert found.source == "https://artist.example/1"
    assert found.thumbnail == "https://files.example/small.jpg"


def test_tags_without_kinds_are_general_ones_as_a_reader_sees_them() -> None:
    assert post(YANDERE).tags == {"general": ("margot", "solo", "tag's")}
    assert post(YANDERE).address.endswith("/post/show/9")


def test_a_board_of_one_s_own_is_read_by_its_software() -> None:
    found = post(SZURUBOORU, Software.SZURUBOORU)
    assert (found.md5, found.bytes, found.width, found.height, found.favourites) == (MD5, 4000, 50, 60, 3)
    assert found.address.endswith("/post/10")
    assert post(SZURUBOORU).md5 is None


def test_an_artist_who_is_a_tag_is_named() -> None:
    assert [artist.name for artist in post(DERPIBOORU).artists] == ["anya"]
    assert (post(DERPIBOORU).rating, post(DERPIBOORU).favourites) == ("safe", 4)


def test_the_page_of_a_post_is_the_one_that_the_board_names() -> None:
    found = post(DEVIANTART)
    assert (found.number, found.address) == (12, "https://www.deviantart.com/anya/art/a-12")
    assert (found.title, found.favourites, found.artists[0].name) == ("A title", 6, "anya")


def test_a_page_of_pixiv_is_that_page_on_every_board() -> None:
    found = post(PIXIV)
    assert (found.board, found.number, found.page, found.pixiv) == ("pixiv", 13, 3, PixivPage(work=13, number=3))
    assert (found.favourites, found.views, found.artists[0].name) == (7, 8, "Anya")


def test_of_a_board_that_nobody_knows_the_usual_fields_are_read() -> None:
    found = post(UNHEARD_OF)
    assert (found.page, found.artists[0].name, found.md5) == (1, "Anya B", None)
    assert found.number == post(UNHEARD_OF | {"_url": "https://files.example/other.png"}).number
    assert found.address == "https://www.Board.example:8080/posts?tags=margot"


@pytest.mark.parametrize(
    ("row", "origin"),
    [
        (DANBOORU, "7"),
        (PIXIV, "13_3"),
        (UNHEARD_OF, "abc_2"),
        (DEVIANTART, "12 f.png"),
        ({"_url": "https://files.example/g.png"}, "https://files.example/g.png"),
    ],
)
def test_each_file_of_a_post_has_a_name_of_its_own(row: dict[str, Any], origin: str) -> None:
    assert posts().origin(row) == origin


@pytest.mark.parametrize("row", [DANBOORU, E621, YANDERE, DERPIBOORU, DEVIANTART, PIXIV])
def test_what_is_for_everybody_is_taken(row: dict[str, Any]) -> None:
    assert reason(row) is None


@pytest.mark.parametrize(
    ("row", "change"),
    [
        *((DANBOORU, {"rating": word}) for word in ("s", "q", "e", "questionable", "4.5")),
        *((E621, {"rating": word}) for word in ("q", "e")),
        *((YANDERE, {"rating": word}) for word in ("q", "e")),
        *((DERPIBOORU, {"tags": ["solo", word]}) for word in ("suggestive", "explicit", "grimdark")),
        (DERPIBOORU, {"tags": ["safe", "explicit"]}),
        (DEVIANTART, {"is_mature": True}),
        (PIXIV, {"x_restrict": 1}),
        (PIXIV, {"rating": "R-18"}),
        (DANBOORU, {"rating": "General", "nsfw": True}),
        (DANBOORU, {"rating": "general", "sensitive": True}),
        (UNHEARD_OF, {"rating": "Mature"}),
        (UNHEARD_OF, {"maturity_rating": "NSFW"}),
        (UNHEARD_OF, {"over_18": True}),
    ],
)
def test_what_the_board_says_is_not_for_everybody_is_left_out(row: dict[str, Any], change: dict[str, Any]) -> None:
    assert reason(row | change) is Reason.WRONG_RATING
    assert reason(row | change, unrated=True) is Reason.WRONG_RATING


@pytest.mark.parametrize(
    ("row", "change"),
    [(DANBOORU, {"rating": "s"}), (DANBOORU, {"rating": "Sensitive"}), (DERPIBOORU, {"tags": ["suggestive"]})],
)
def test_what_is_sensitive_is_taken_if_the_recipe_says_so(row: dict[str, Any], change: dict[str, Any]) -> None:
    assert reason(row | change, ratings=["general", "sensitive"]) is None
    assert reason(row, ratings=["sensitive"]) is Reason.WRONG_RATING


@pytest.mark.parametrize("change", [{}, {"rating": "?"}, {"rating": None}, {"sensitive": False}])
def test_what_is_not_rated_is_taken_only_if_the_recipe_says_so(change: dict[str, Any]) -> None:
    assert reason(UNHEARD_OF | change) is Reason.WRONG_RATING
    assert reason(UNHEARD_OF | change, unrated=True) is None


@pytest.mark.parametrize(
    ("row", "change", "expected"),
    [
        (DANBOORU, {"is_banned": True, "is_deleted": True}, Reason.BANNED),
        (DANBOORU, {"is_deleted": True}, Reason.DELETED),
        (E621, {"flags": {"deleted": True}}, Reason.DELETED),
        (YANDERE, {"status": "deleted"}, Reason.DELETED),
        (DANBOORU, {"extension": "webm"}, Reason.NOT_A_STILL_PICTURE),
        (DEVIANTART, {"_url": "text:a story"}, Reason.NOT_A_STILL_PICTURE),
        (DEVIANTART, {"_url": "ytdl:https://files.example/a.m3u8"}, Reason.NOT_A_STILL_PICTURE),
    ],
)
def test_what_cannot_or_may_not_be_fetched_has_its_reason(
    row: dict[str, Any], change: dict[str, Any], expected: Reason
) -> None:
    assert reason(row | change) is expected


@pytest.mark.parametrize("md5", ["", "0123", "g" * 32, 5, None])
def test_an_md5_that_is_none_is_not_expected(md5: Any) -> None:
    assert post(DANBOORU | {"md5": md5}).md5 is None


@pytest.mark.parametrize(
    "odd",
    [{"tags": {"a": 1}}, {"tags": [None, {}, {"name": None}]}, {"score": []}, {"score": "many"}, {"date": "soon"}],
)
def test_odd_values_are_no_values(odd: dict[str, Any]) -> None:
    assert post(UNHEARD_OF | odd).score is None


def test_all_fields_of_the_table_are_asked_for_and_every_category_has_a_family() -> None:
    assert {"_url", "_http_headers", "id", "file", "stats", "tags_artist", "rating"} <= set(wanted_fields())
    assert set(CATEGORIES.values()) <= FAMILIES.keys()
    assert {Software(name).value for name in Software} <= FAMILIES.keys()
    assert all(family.fields.keys() <= USUAL.keys() for family in FAMILIES.values())
