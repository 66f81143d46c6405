from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import ImageDropped, ImageFetched, decode_message
from shared.contract.reasons import Reason
from shared.ledger.listing import Listing, announced, complete_pages, find_page
from shared.store import FolderStore

RUN, ENTRY, IMAGE = "anya-001", "0a" * 10, "0b" * 32
FOUND = {"origin": "a/b.png", "score": 3, "image": IMAGE, "provenance": {"origin": "a/b.png"}}


def test_an_entry_with_an_original_is_announced_as_fetched() -> None:
    message = announced(RUN, 1, ENTRY, FOUND)
    assert message == ImageFetched(run=RUN, entry=ENTRY, image=IMAGE, source=1, score=3, origin="a/b.png")


def test_an_entry_without_one_is_announced_as_dropped_and_one_that_died_not_at_all() -> None:
    found = {"origin": "a", "score": 0, "reason": "opted-out", "detail": "noai"}
    dropped = ImageDropped(run=RUN, entry=ENTRY, stage="scraper", reason=Reason.OPTED_OUT, detail="noai")
    assert announced(RUN, 0, ENTRY, found) == dropped
    assert announced(RUN, 0, ENTRY, {"origin": "a", "score": 0, "error": "OSError", "detail": ""}) is None


@pytest.mark.parametrize(
    ("origin", "shown"), [("caf\udce9.png", "caf?.png"), ("https://a.example/" + "x" * 100_000, None)]
)
def test_whatever_an_origin_is_its_message_travels(origin: str, shown: str | None) -> None:
    message = announced(RUN, 0, ENTRY, FOUND | {"origin": origin})
    assert isinstance(message, ImageFetched)
    assert message.origin == (shown or origin[:2000])
    body = message.encode()
    assert len(body) < 8_000
    assert decode_message(body) == message


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"entries": {}}'])
def test_a_listing_that_is_not_there_or_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    store = FolderStore(tmp_path)
    if content is not None:
        store.put(keys.listing(RUN, 0), content)
    assert find_page(store, RUN, 0, 1) is None


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def _page(store: FolderStore, number: int, entries: list[str], cursor: str | None) -> None:
    listing = Listing(entries={entry: {"origin": entry, "reason": "no"} for entry in entries}, count=1, next=cursor)
    store.put(keys.listing(RUN, 0, number), listing.model_dump_json().encode())


def test_the_pages_of_a_source_add_up(store: FolderStore) -> None:
    _page(store, 1, ["a", "b"], "2")
    _page(store, 2, ["c"], None)
    _page(store, 3, ["of another walk"], None)
    assert [list(page.entries) for page in complete_pages(store, RUN, 0)] == [["a", "b"], ["c"]]


@pytest.mark.parametrize("damage", [None, b"", b"{}"])
def test_a_listing_with_a_gap_is_not_complete(store: FolderStore, damage: bytes | None) -> None:
    _page(store, 1, ["a"], "2")
    if damage is not None:
        store.put(keys.listing(RUN, 0, 2), damage)
    _page(store, 3, ["b"], None)
    pages = complete_pages(store, RUN, 0)
    assert list(next(pages).entries) == ["a"]
    with pytest.raises(NotFound if damage is None else Unreadable):
        next(pages)
