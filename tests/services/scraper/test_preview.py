from pathlib import Path

import pytest

from services.scraper.declaration import ScraperEnvironment
from services.scraper.preview import TAGS, previews
from services.scraper.sources import SOURCES, Conditions, Item, Page, Post
from shared.contract.preview import SourcePreview
from shared.contract.reasons import Drop, Reason
from shared.recipe.character import Character
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource


class Listed:
    """A source with two pages."""

    kind = "listed"
    answers_vary = False
    closed = 0

    def __init__(self, section: FolderSource, conditions: Conditions) -> None:
        pass

    def page(self, cursor: str) -> Page:
        if not cursor:
            return Page((item(1), item(2, drop=Drop(Reason.BANNED, "")), Item("3", "", trouble=ValueError())), "more")
        return Page((item(4), item(5, drop=Drop(Reason.BANNED, ""))), None)

    def fetch(self, item: Item) -> Drop:
        raise AssertionError("a preview fetches nothing")

    def close(self) -> None:
        Listed.closed += 1


def item(number: int, drop: Drop | None = None) -> Item:
    tags = {"general": tuple(f"tag_{each}" for each in range(TAGS + 50))}
    post = Post(board="b", number=number, address="", tags=tags, bytes=10 if number == 1 else None, thumbnail="t")
    return Item(str(number), "", post=post, drop=drop)


def looked_at(
    monkeypatch: pytest.MonkeyPatch, pages: int | None = None, tags: tuple[str, ...] = ()
) -> list[SourcePreview]:
    monkeypatch.setitem(SOURCES, FolderSource, Listed)
    character = Character(tags=tags)
    recipe = Recipe(name="anya", sources=(FolderSource(folder=Path("pictures")),), character=character)
    return list(previews(recipe, 0, ScraperEnvironment(), pages))


def test_numbers_grow_page_by_page_and_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = looked_at(monkeypatch)
    assert (first.listed, first.taken, first.unreadable, first.complete) == (3, 1, 1, False)
    assert (last.listed, last.taken, last.unreadable, last.complete) == (5, 2, 1, True)
    assert last.dropped == {"banned": 2}
    assert (last.name, last.kind, last.pages) == ("pictures", "listed", 2)


def test_what_has_none_of_the_tags_of_the_character_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_at(monkeypatch, tags=("tag_7",))[-1].dropped == {"banned": 2}
    assert looked_at(monkeypatch, tags=("anya",))[-1].dropped == {"banned": 2, "missing-tag": 2}


def test_what_is_not_taken_counts_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    last = looked_at(monkeypatch)[-1]
    assert (last.bytes, last.without_size) == (10, 1)
    assert last.tags["tag_0"] == 2
    assert last.thumbnails == ("t", "t")


def test_only_the_most_frequent_tags_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(looked_at(monkeypatch)[-1].tags) == TAGS


def test_a_source_that_cannot_count_is_not_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = looked_at(monkeypatch, pages=1)
    assert (only.complete, only.counted) == (False, None)


def test_the_source_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Listed.closed
    looked_at(monkeypatch, pages=1)
    assert Listed.closed == before + 1
