"""Artists and works of which nothing is taken."""

import pytest

from services.scraper.exclusion import without_excluded
from services.scraper.sources import Item, Post
from services.scraper.sources.post import Artist, PixivPage
from shared.contract.reasons import Reason
from shared.recipe.exclude import Exclude

POST = Post(
    board="danbooru.donmai.us",
    number=12,
    address="https://danbooru.donmai.us/posts/12",
    artists=(Artist(name="Some_One"), Artist(name="another", address="https://www.pixiv.net/users/5")),
    pixiv=PixivPage(work=34, number=1),
)
ITEM = Item("12", "https://cdn.donmai.us/original/ab/cd/abcd.png", post=POST)


def reason(item: Item, **lists: tuple[str, ...]) -> Reason | None:
    drop = without_excluded(item, Exclude(**lists)).drop
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
    assert without_excluded(ITEM, Exclude(works=(work,), artists=("some",))) == ITEM


def test_an_address_without_a_post_can_be_excluded_too() -> None:
    item = Item("https://a.example/1.png", "https://a.example/1.png")
    assert reason(item, works=("https://a.example/1.png",)) is Reason.EXCLUDED_WORK
    assert reason(item, works=("https://a.example/2.png",), artists=("a",)) is None
