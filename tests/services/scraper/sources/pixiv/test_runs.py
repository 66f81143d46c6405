"""Runs of the scraper over a loopback Pixiv: every page has one fate, and nothing is asked for twice."""

from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from demo.board.pictures import noise
from shared.contract import keys
from shared.contract.errors import RunUnusable
from shared.contract.messages import ImageDropped, ImageFetched, Message, RunRequested, SourceExhausted
from shared.contract.reasons import Reason
from shared.ledger.listing import find_page
from shared.recipe.recipe import Recipe
from shared.store import FolderStore
from tests.servers.boards.pixiv import REFRESH_TOKEN, Pixiv, Rules
from tests.servers.boards.works import Work, Works
from tests.services.scraper.conftest import Scrape, scraping
from tests.services.scraper.sources.pixiv.conftest import section_of

MIXTURE = Works(works=100, limited=0.1, adult=0.1, by_ai=0.1, size=(64, 64))


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_PIXIV_REFRESH_TOKEN", REFRESH_TOKEN)


def source(board: Pixiv, **fields: Any) -> dict[str, Any]:
    section = section_of(board, **fields).model_dump(mode="json")
    section["pixiv"]["addresses"]["web"] = board.address
    return section


def fates(messages: list[Message]) -> Counter[str]:
    return Counter(m.reason if isinstance(m, ImageDropped) else type(m).__name__ for m in messages)


def requests(board: Pixiv) -> tuple[int, int]:
    return len(board.log.requests_for("/v1/search/illust")), len(board.files.log)


def taken(board: Pixiv) -> list[Work]:
    works = board.works.values()
    return [work for work in works if not work.x_restrict and work.ai_type != 2 and work.kind != "ugoira"]


def pages(works: list[Work]) -> int:
    return sum(len(work.pages) for work in works)


def test_every_page_has_one_fate_and_each_original_is_asked_for_once(scrape: Scrape, store: FolderStore) -> None:
    with Pixiv(MIXTURE, Rules(calls_per_token=2)) as board:
        found = scrape(source(board))
        originals = {board.file(work, page) for work in taken(board) for page in range(len(work.pages))}
        assert requests(board) == (len(board.log.requests_for("/auth/token")) - 1 + 4, len(originals))
    counts = fates(found)
    assert isinstance(found[-1], SourceExhausted)
    assert found[-1].count == counts.total() - 1
    assert counts["ImageFetched"] == len(originals) == pages(taken(board))
    images = {message.image for message in found if isinstance(message, ImageFetched)}
    assert {store.get(keys.original(image)) for image in images} == originals
    assert counts[Reason.LIMITED_BY_BOARD] + counts[Reason.WRONG_RATING] > 0


def test_another_run_asks_for_the_newest_works_alone_and_for_no_file_again(scrape: Scrape) -> None:
    with Pixiv(MIXTURE) as board:
        first = scrape(source(board))
        before = requests(board)
        assert fates(scrape(source(board), run="run-002")) == fates(first)
        assert requests(board) == (before[0] + 1, before[1])
        known = pages(taken(board))
        for _ in range(5):
            board.add()
        scrape(source(board), run="run-003")
        assert requests(board) == (before[0] + 2, before[1] + pages(taken(board)) - known)


def test_another_threshold_fetches_what_it_adds_without_a_new_walk(scrape: Scrape) -> None:
    with Pixiv(MIXTURE) as board:
        scrape(source(board, bookmarks=5000))
        searches = requests(board)[0]
        scrape(source(board, bookmarks=500), run="run-002")
        popular = [work for work in taken(board) if work.bookmarks >= 500]
        assert requests(board) == (searches + 1, pages(popular))


def test_a_file_that_was_replaced_is_fetched_when_all_is_listed_again(scrape: Scrape) -> None:
    with Pixiv(MIXTURE) as board:
        scrape(source(board))
        before = requests(board)[1]
        old = next(work for work in taken(board) if not work.is_limited)
        new = tuple(noise(f"another {page}", "png", (64, 64)) for page in range(len(old.pages)))
        board.change(old.id, created_at=old.created_at + timedelta(minutes=1), pages=new)
        scrape(source(board, remembered=0), run="run-002")
        assert requests(board)[1] == before + len(new)


def test_a_run_that_ends_early_goes_on_where_it_was(scrape: Scrape, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        recipe = Recipe.model_validate({"name": "anya", "sources": [source(board)]})
        begun = list(islice(scraping(RunRequested(run="run-001", source=0), recipe, store), 20))
        assert len(begun) == 20
        scrape(source(board))
        assert requests(board) == (4, pages(taken(board)))


def test_what_the_board_says_is_written_down_of_each_original(scrape: Scrape, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        fetched = next(m for m in scrape(source(board, limit=1)) if isinstance(m, ImageFetched))
        listing = find_page(store, "run-001", 0, 1)
        assert listing is not None
        found = listing.entries[fetched.entry]["provenance"]
        work = board.works[found["post"]["number"]]
    assert (found["source"], found["artist"]) == ("pixiv", f"artist {work.user_id}")
    assert set(found["tags"]) == set(work.tags)
    assert found["post"]["favourites"] == work.bookmarks
    assert found["post"]["pixiv"] == {"work": work.id, "number": 0}


def test_nothing_in_the_store_has_a_token(scrape: Scrape, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        scrape(source(board))
    text = [path.read_bytes() for path in store.root.rglob("*.json")]
    assert len(text) > 100
    assert not [data for data in text if REFRESH_TOKEN.encode() in data or b"access-" in data]


def test_without_an_account_the_run_says_how_to_get_one(scrape: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAGRITTE_PIXIV_REFRESH_TOKEN")
    with Pixiv(MIXTURE) as board:
        with pytest.raises(RunUnusable, match="run `magritte login pixiv`"):
            scrape(source(board))
        assert board.log == []
