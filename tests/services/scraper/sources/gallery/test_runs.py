"""Runs over a board that gallery-dl lists: what each asks of it, and what becomes of each post."""

from collections import Counter
from typing import Any

from demo.board.pictures import noise
from services.scraper.listing import find_page
from shared.contract.messages import ImageDropped, ImageFetched, Message, RunRequested, SourceExhausted
from shared.contract.stage import Death
from shared.recipe.recipe import Recipe
from shared.store import FolderStore
from tests.servers.boards import faults
from tests.servers.boards.danbooru import Danbooru, Fault, Faults, Mixture
from tests.services.scraper.conftest import scraping
from tests.services.scraper.sources.gallery.conftest import SEARCH

POSTS = Mixture(posts=30, size=(100, 100), hidden=0, deleted=0)


def run(board: Danbooru, store: FolderStore, number: int) -> list[Message | Death]:
    source: dict[str, Any] = {"address": board.address + SEARCH, "software": "Danbooru", "pause": 0}
    recipe = Recipe.model_validate({"name": "anya", "sources": [{"gallery": source}]})
    return list(scraping(RunRequested(run=f"run-{number:03}", source=0), recipe, store))


def files(board: Danbooru) -> Counter[str]:
    return Counter(entry.path for entry in board.log.requests_for("/original/*"))


def test_a_second_run_fetches_only_what_is_new_or_was_replaced(store: FolderStore) -> None:
    with Danbooru(POSTS) as board:
        first = run(board, store, 1)
        assert sum(isinstance(message, ImageFetched) for message in first) == 30
        assert files(board).total() == 30
        assert sum(isinstance(message, ImageFetched) for message in run(board, store, 2)) == 30
        assert files(board).total() == 30
        board.add(5)
        for post in board.posts[10:13]:
            board.replace_file(post.id, noise(f"another {post.id}", size=(100, 100)))
        third = run(board, store, 3)
    assert sum(isinstance(message, ImageFetched) for message in third) == 35
    assert files(board).total() == 38
    assert third[-1] == SourceExhausted(run="run-003", source=0, count=35)


def test_every_post_has_a_fate(store: FolderStore) -> None:
    missing = Faults(Fault(faults.not_found(), "/original/*", most_paths=4))
    with Danbooru(POSTS, around=missing) as board:
        messages = run(board, store, 1)
    kinds = Counter(type(message).__name__ for message in messages)
    assert kinds == {"ImageFetched": 26, "ImageDropped": 4, "SourceExhausted": 1}
    dropped = [message for message in messages if isinstance(message, ImageDropped)]
    assert {message.reason.value for message in dropped} == {"fetch-failed"}


def test_what_the_board_says_is_kept_with_the_picture(store: FolderStore) -> None:
    with Danbooru(POSTS) as board:
        run(board, store, 1)
        newest, md5 = board.posts[0], board.md5(board.posts[0])
    listing = find_page(store, "run-001", 0, 1)
    assert listing is not None
    provenance = next(iter(listing.entries.values()))["provenance"]
    assert (provenance["source"], provenance["artist"]) == ("gallery", newest.tags["artist"][0])
    assert (provenance["post"]["number"], provenance["post"]["md5"]) == (newest.id, md5)
    assert set(provenance["tags"]) >= set(newest.tags["general"])
