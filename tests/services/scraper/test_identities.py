"""Pictures that are known before they are fetched, from whatever board."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.scraper.fetch_record import FetchRequest
from services.scraper.fetching import fetch
from services.scraper.listing import described
from services.scraper.sources import Fetched, Item, Page, Post
from shared.contract import keys
from shared.contract.post import Artist, PixivPage
from shared.contract.reasons import Drop
from shared.pictures import Limits
from shared.store import FolderStore
from tests.services.scraper.conftest import Picture

LIMITS = Limits(max_bytes=10**6, max_pixels=10**6, min_side=1, max_elongation=10)
REQUEST = FetchRequest("run-001", LIMITS, datetime(2026, 11, 27, tzinfo=UTC))


def posted(board: str, number: int, md5: str | None = None, pixiv: PixivPage | None = None) -> Item:
    post = Post(board=board, number=number, address=f"https://{board}/posts/{number}", md5=md5, pixiv=pixiv)
    state = {"md5": md5} if md5 is not None else {}
    return Item(str(number), f"https://files.{board}/{number}.png", state, post=post)


class Board:
    """Serves one picture, whatever is asked for, and notes what is."""

    kind = "board"
    answers_vary = False

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fetched: list[str] = []
        self.says_md5 = False

    @property
    def md5(self) -> str:
        return hashlib.md5(self.data).hexdigest()

    def page(self, cursor: str) -> Page:
        return Page((), None)

    def fetch(self, item: Item) -> Fetched | Drop:
        self.fetched.append(item.place)
        return Fetched(self.data, {"name": "a.png"}, md5=self.md5 if self.says_md5 else None)

    def close(self) -> None: ...


@pytest.fixture
def board(picture: Picture) -> Board:
    return Board(picture(1))


def test_the_same_md5_is_fetched_once(board: Board, store: FolderStore) -> None:
    first = fetch(board, posted("one.example", 1, board.md5), REQUEST, store)
    second = fetch(board, posted("two.example", 2, board.md5), REQUEST, store)
    assert first.image == second.image is not None
    assert board.fetched == ["https://files.one.example/1.png"]
    assert second.provenance is not None
    assert second.provenance["url"] == "https://files.two.example/2.png"


def test_a_post_whose_file_was_replaced_is_fetched_again(board: Board, store: FolderStore, picture: Picture) -> None:
    fetch(board, posted("one.example", 1, board.md5), REQUEST, store)
    board.data = picture(2)
    found = fetch(board, posted("one.example", 1, board.md5), REQUEST, store)
    assert found.image == hashlib.sha256(picture(2)).hexdigest()
    assert len(board.fetched) == 2


def test_a_file_that_is_replaced_before_it_is_fetched_is_known_by_what_it_is_now(
    board: Board, store: FolderStore, picture: Picture
) -> None:
    listed = posted("one.example", 1, hashlib.md5(picture(2)).hexdigest())
    board.says_md5 = True
    fetch(board, listed, REQUEST, store)
    board.data = picture(2)
    found = fetch(board, posted("two.example", 2, hashlib.md5(picture(2)).hexdigest()), REQUEST, store)
    assert found.image == hashlib.sha256(picture(2)).hexdigest()
    fetch(board, posted("three.example", 3, hashlib.md5(picture(1)).hexdigest()), REQUEST, store)
    assert len(board.fetched) == 2


def test_a_page_of_a_pixiv_work_that_another_board_has_is_not_fetched_from_pixiv(
    board: Board, store: FolderStore
) -> None:
    fetch(board, posted("danbooru.example", 1, board.md5, PixivPage(work=7, number=1)), REQUEST, store)
    fetch(board, posted("pixiv", 7, pixiv=PixivPage(work=7, number=1)), REQUEST, store)
    assert len(board.fetched) == 1
    fetch(board, posted("pixiv-again", 7, pixiv=PixivPage(work=7, number=0)), REQUEST, store)
    assert len(board.fetched) == 2


def on_pixiv(file: str) -> Item:
    """The page 1 of work 7 as Pixiv lists it, with the part of its address that tells its versions apart."""
    item = posted("pixiv", 7, pixiv=PixivPage(work=7, number=1))
    return replace(item, place=f"https://files.pixiv.example/{file}", state={"file": file})


def test_a_page_of_pixiv_whose_file_was_replaced_is_fetched_again(board: Board, store: FolderStore) -> None:
    fetch(board, on_pixiv("2023/7_p1.png"), REQUEST, store)
    fetch(board, replace(on_pixiv("2023/7_p1.png"), place="https://files.again.example/7_p1.png"), REQUEST, store)
    assert len(board.fetched) == 1
    fetch(board, on_pixiv("2024/7_p1.png"), REQUEST, store)
    assert len(board.fetched) == 2


def test_a_page_that_pixiv_lists_is_known_as_what_another_board_has_of_it(board: Board, store: FolderStore) -> None:
    fetch(board, posted("danbooru.example", 1, board.md5, PixivPage(work=7, number=1)), REQUEST, store)
    fetch(board, on_pixiv("2023/7_p1.png"), REQUEST, store)
    assert len(board.fetched) == 1


def test_what_pixiv_had_is_known_by_its_md5_on_other_boards(board: Board, store: FolderStore) -> None:
    board.says_md5 = True
    fetch(board, posted("pixiv", 7, pixiv=PixivPage(work=7, number=0)), REQUEST, store)
    fetch(board, posted("danbooru.example", 1, board.md5), REQUEST, store)
    assert len(board.fetched) == 1


def test_a_post_of_another_md5_is_another_file_of_whatever_page_it_is(board: Board, store: FolderStore) -> None:
    page = PixivPage(work=7, number=1)
    fetch(board, posted("one.example", 1, board.md5, page), REQUEST, store)
    fetch(board, posted("two.example", 2, "0" * 32, page), REQUEST, store)
    assert len(board.fetched) == 2


def test_a_picture_whose_original_is_gone_is_fetched_again(board: Board, store: FolderStore) -> None:
    first = fetch(board, posted("one.example", 1, board.md5), REQUEST, store)
    assert first.image is not None
    store.delete(keys.original(first.image))
    fetch(board, posted("two.example", 2, board.md5), REQUEST, store)
    assert len(board.fetched) == 2
    assert store.exists(keys.original(first.image))


def test_what_the_board_says_today_is_in_the_listing(board: Board, store: FolderStore) -> None:
    item = posted("one.example", 1)
    fetch(board, item, REQUEST, store)
    assert item.post is not None
    tags = {"character": ("anya",), "general": ("smile", "anya")}
    artists = (Artist(name="a"), Artist(name="b"))
    today = replace(item, post=item.post.model_copy(update={"score": 9, "artists": artists, "tags": tags}))
    provenance = described(today, fetch(board, today, REQUEST, store))["provenance"]
    assert (provenance["artist"], provenance["tags"]) == ("a, b", ["anya", "smile"])
    assert provenance["post"]["score"] == 9
    assert len(board.fetched) == 1
