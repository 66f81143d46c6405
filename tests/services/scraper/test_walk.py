"""A source of several pages, and what is asked of it when a scraper ends in between."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.scraper.sources import SOURCES, Conditions, Fetched, Item, Page, Post
from services.scraper.sources import folder as folder_module
from services.scraper.sources.folder import FolderSource
from services.scraper.stage import Scraper
from shared.contract import keys
from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import Interrupted
from shared.contract.messages import (
    ImageDropped,
    ImageFetched,
    ListingDue,
    Message,
    RunRequested,
    SourceExhausted,
)
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Context, Death
from shared.ledger.listing import complete_pages, read_pages
from shared.recipe import sources as recipe
from shared.recipe.recipe import Recipe
from shared.store import FolderStore
from tests.freshness import stale
from tests.services.scraper.conftest import Picture
from tests.services.scraper.items import items_of

RUN = "run-001"
REQUEST = RunRequested(run=RUN, source=0)


def due(page: int) -> ListingDue:
    return ListingDue(run=RUN, source=0, page=page)


class Board:
    """Pages of pictures by number; it notes what it is asked for."""

    kind = "board"
    answers_vary = True
    pages = ((1, 2), (3, 2, 4), (5,))
    refused = frozenset({4})

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.asked: list[str] = []
        self.broken: set[int] = set()
        self.tags: dict[int, tuple[str, ...]] = {}
        self.stopping = False

    def page(self, cursor: str) -> Page:
        self.asked.append(f"page {cursor}")
        number = int(cursor or 0)
        items = tuple(self._item(post) for post in self.pages[number])
        return Page(items, str(number + 1) if number + 1 < len(self.pages) else None)

    def _item(self, post: int) -> Item:
        drop = Drop(Reason.OPTED_OUT, "the board says so") if post in self.refused else None
        place = f"https://board.example/{post}"
        told = Post(board="board.example", number=post, address=place, tags={"general": self.tags.get(post, ())})
        return Item(str(post), place, {"md5": f"{post:032x}"}, post=told if self.tags else None, drop=drop)

    def fetch(self, item: Item) -> Fetched | Drop:
        number = int(item.origin)
        self.asked.append(f"file {number}")
        if number in self.broken:
            raise ZeroDivisionError("nobody expected this")
        return Fetched(self.picture(number), {})

    def close(self) -> None: ...


@pytest.fixture
def board(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> Board:
    board = Board(picture)
    monkeypatch.setitem(SOURCES, recipe.AddressesSource, lambda section, conditions: board)
    return board


@pytest.fixture
def scraper() -> Scraper:
    return Scraper()


def published(
    message: RunRequested | ListingDue,
    store: FolderStore,
    scraper: Scraper | None = None,
    stop_after: int = 1000,
    **sections: Any,
) -> list[Message | Death]:
    """What a scraper publishes for one message; it is asked to stop after so many messages."""
    stage = scraper or Scraper()
    asked = Recipe.model_validate({"name": "anya", "sources": [{"urls": []}], **sections})
    made: list[Message | Death] = []
    context = Context(store, stopping=lambda: len(made) >= stop_after)
    made.extend(stage.process(message, stage.settings(asked), context))
    return made


def walked(store: FolderStore, message: RunRequested | ListingDue = REQUEST) -> list[Message | Death]:
    """All that is published about a source, by a new scraper for each message, but for that pages are due."""
    made, following = [], message
    while following is not None:
        *found, last = published(following, store)
        made += found
        following = last if isinstance(last, ListingDue) else None
    return [*made, last]


def fates(messages: list[Message | Death]) -> list[str]:
    """The kinds of what is about pictures."""
    return [message.kind() for message in messages if isinstance(message, ImageFetched | ImageDropped)]


def test_a_request_asks_for_the_first_page_and_each_page_for_the_next(board: Board, store: FolderStore) -> None:
    assert published(REQUEST, store) == [due(1)]
    *found, following = published(due(1), store)
    assert (fates(found), following) == (["image-fetched"] * 2, due(2))
    assert board.asked == ["page ", "file 1", "file 2"]


def test_what_is_listed_twice_is_one_entry_also_on_two_pages(board: Board, store: FolderStore) -> None:
    messages = walked(store)
    assert messages[-1] == SourceExhausted(run=RUN, source=0, count=5)
    assert fates(messages) == ["image-fetched"] * 3 + ["image-dropped", "image-fetched"]
    assert [page.count for page in read_pages(store, RUN, 0)] == [2, 2, 1]
    assert sum(page.count for page in complete_pages(store, RUN, 0)) == 5


def test_one_scraper_tells_the_same_as_several(
    board: Board, store: FolderStore, scraper: Scraper, tmp_path: Path
) -> None:
    several = walked(store)
    alone: list[Message | Death] = []
    for page in (1, 2, 3):
        alone += published(due(page), FolderStore(tmp_path / "alone"), scraper)
    assert [each for each in alone if not isinstance(each, ListingDue)] == several


def test_what_the_listing_refuses_is_not_fetched(board: Board, store: FolderStore) -> None:
    dropped = [message for message in walked(store) if isinstance(message, ImageDropped)]
    assert [(message.reason, message.detail) for message in dropped] == [(Reason.OPTED_OUT, "the board says so")]
    assert "file 4" not in board.asked


def test_of_what_has_tags_only_what_has_one_that_is_wanted_is_fetched(board: Board, store: FolderStore) -> None:
    board.tags = {1: ("solo", "anya_(spy_x_family)"), 2: ("solo", "smile"), 4: ("solo",)}
    made = [*published(due(1), store, character={"tags": ["Anya (spy x family)", "yor"]})]
    made += published(due(2), store, character={"tags": ["Anya (spy x family)", "yor"]})
    reasons = {message.reason for message in made if isinstance(message, ImageDropped)}
    assert fates(made) == ["image-fetched", "image-dropped", "image-fetched", "image-dropped"]
    assert reasons == {Reason.MISSING_TAG, Reason.OPTED_OUT}
    assert [asked for asked in board.asked if asked.startswith("file")] == ["file 1", "file 3"]


@pytest.mark.parametrize("after", [0, 1])
def test_a_scraper_that_ends_within_a_page_asks_for_nothing_twice(board: Board, store: FolderStore, after: int) -> None:
    published(due(1), store)
    with pytest.raises(Interrupted):
        published(due(2), store, stop_after=after)
    walked(store, due(2))
    assert sorted(board.asked) == sorted({"page ", "page 1", "page 2", "file 1", "file 2", "file 3", "file 5"})


def test_a_run_that_is_requested_again_goes_on_where_it_was(board: Board, store: FolderStore) -> None:
    first = published(due(1), store)
    before = list(board.asked)
    assert published(REQUEST, store) == [*stale(first[:-1]), due(2)]
    assert board.asked == before


def test_a_source_that_is_known_to_its_end_is_published_again_and_not_asked(board: Board, store: FolderStore) -> None:
    messages = walked(store)
    before = list(board.asked)
    assert published(REQUEST, store) == stale(messages)
    assert published(due(3), store)[-1] == messages[-1]
    assert board.asked == before


def test_only_what_has_died_is_tried_again(board: Board, store: FolderStore) -> None:
    board.broken = {1}
    messages = walked(store)
    assert [type(message) for message in messages].count(Death) == 1
    board.broken, board.asked = set(), []
    assert [type(message) for message in published(REQUEST, store)].count(Death) == 0
    assert board.asked == ["file 1"]
    assert sum(page.count for page in complete_pages(store, RUN, 0)) == 5


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"entries": 3}'])
def test_a_page_whose_listing_is_damaged_is_gone_through_as_it_was_listed(
    board: Board, store: FolderStore, damage: bytes
) -> None:
    walked(store)
    before, board.asked = store.get(keys.listing(RUN, 0, 2)), []
    store.put(keys.listing(RUN, 0, 2), damage)
    walked(store)
    assert board.asked == []
    assert json.loads(store.get(keys.listing(RUN, 0, 2))) == json.loads(before)


def test_the_page_before_a_damaged_one_is_done_first(board: Board, store: FolderStore) -> None:
    walked(store)
    store.put(keys.listing(RUN, 0, 2), b"")
    assert published(due(3), store) == [due(2)]


def test_a_run_of_before_there_were_pages_is_read_as_one_page(board: Board, store: FolderStore) -> None:
    entry = {"origin": "1", "score": 0, "image": "0a" * 32, "provenance": {}}
    store.put(keys.old_listing(RUN, 0), json.dumps({"entries": {"0b" * 10: entry}, "count": 1}).encode())
    assert [type(message) for message in published(REQUEST, store)] == [ImageFetched, SourceExhausted]
    assert board.asked == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files and folders whose names are in another order than their paths."""
    for name in (
        "a.png",
        "a/1.png",
        "a/b/2.png",
        "a/b.png",
        "a-b/3.png",
        "ab/4.png",
        "b/5.png",
        "b/c/d/6.png",
        "z.png",
    ):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "tree"


def _listed(root: Path) -> Iterator[str]:
    source = FolderSource(recipe.FolderSource(folder=root), Conditions(100, lambda: False, EgressPolicy()))
    return (item.origin for item in items_of(source))


@pytest.mark.parametrize("size", range(1, 11))
def test_a_folder_has_the_same_files_on_pages_of_any_size(
    tree: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(_listed(tree))
    monkeypatch.setattr(folder_module, "PAGE", size)
    assert list(_listed(tree)) == whole
    assert len(whole) == 9


def test_a_file_that_goes_between_two_pages_takes_no_other_with_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(_listed(tree))
    monkeypatch.setattr(folder_module, "PAGE", 2)
    items = _listed(tree)
    found = [next(items), next(items)]
    (tree / found[-1]).unlink()
    assert found + list(items) == whole
