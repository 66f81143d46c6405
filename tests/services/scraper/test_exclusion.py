"""Artists, works and tags of which nothing is taken."""

import pytest

from services.scraper.sources import Item, Post
from shared.contract.post import Artist, PixivPage
from shared.contract.reasons import Reason
from shared.recipe.exclude import Exclude, Exclusion

POST = Post(
    board="danbooru.donmai.us",
    number=12,
    address="https://danbooru.donmai.us/posts/12",
    artists=(Artist(name="Some_One"), Artist(name="another", address="https://www.pixiv.net/users/5")),
    pixiv=PixivPage(work=34, number=1),
)
ITEM = Item("12", "https://cdn.donmai.us/original/ab/cd/abcd.png", post=POST)


def reason(item: Item, **lists: tuple[str, ...]) -> Reason | None:
    drop = item.without(Exclusion(Exclude(**lists)), "danbooru").drop
    return drop and drop.reason


@pytest.mark.parametrize("name", ["some_one", "Some_One", "another", "https://pixiv.net/users/5/"])
def test_nothing_is_taken_of_an_excluded_artist(name: str) -> None:
    assert reason(ITEM, artists=("nobody", name)) is Reason.EXCLUDED_ARTIST


@pytest.mark.parametrize(
    "work",
    [
        "danbooru:12",
        "danbooru.donmai.us:12",
        "pixiv:34",
        "https://danbooru.donmai.us/posts/12",
        "http://www.danbooru.donmai.us/posts/12/?q=anya",
        "https://cdn.donmai.us/original/ab/cd/abcd.png",
    ],
)
def test_an_excluded_work_is_known_by_each_of_its_names(work: str) -> None:
    assert reason(ITEM, works=(work,)) is Reason.EXCLUDED_WORK


@pytest.mark.parametrize("work", ["danbooru:1", "danbooru:123", "pixiv:12", "https://danbooru.donmai.us/posts/1"])
def test_other_works_are_taken(work: str) -> None:
    assert ITEM.without(Exclusion(Exclude(works=(work,), artists=("some",))), "danbooru") == ITEM


def test_a_board_of_any_address_is_meant_by_its_kind() -> None:
    elsewhere = Item("9", "", post=Post(board="board.example", number=9, address="https://board.example/posts/9"))
    assert reason(elsewhere, works=("danbooru:9",)) is Reason.EXCLUDED_WORK


@pytest.mark.parametrize(
    "address",
    [
        "https://www.pixiv.net/en/artworks/34",
        "https://www.pixiv.net/artworks/34/",
        "https://www.pixiv.net/member_illust.php?mode=medium&illust_id=34",
    ],
)
def test_a_work_of_pixiv_is_known_by_all_forms_of_its_address(address: str) -> None:
    post = Post(board="pixiv", number=34, address="https://www.pixiv.net/artworks/34")
    assert reason(Item("34_p0", "", post=post), works=(address,)) is Reason.EXCLUDED_WORK


@pytest.mark.parametrize("tag", ["comic", "Comic", "4koma comic"])
def test_an_excluded_tag_is_known_in_whatever_case_and_with_spaces_or_underscores(tag: str) -> None:
    tagged = Item("12", "", post=POST.model_copy(update={"tags": {"meta": ("comic", "4koma_comic")}}))
    assert reason(tagged, tags=("smile", tag)) is Reason.EXCLUDED_TAG
    assert reason(tagged, tags=("smile", "com")) is None
    assert reason(ITEM, tags=(tag,)) is None


def test_an_address_without_a_post_can_be_excluded_too() -> None:
    item = Item("https://a.example/1.png", "https://a.example/1.png")
    assert reason(item, works=("https://a.example/1.png",)) is Reason.EXCLUDED_WORK
    assert reason(item, works=("https://a.example/2.png",), artists=("a",)) is None
