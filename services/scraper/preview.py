"""Goes through the listing of a source and counts what would become of it, without fetching anything."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Protocol, runtime_checkable

from services.scraper.asking import conditions_of, hosts_of
from services.scraper.declaration import ScraperEnvironment
from services.scraper.sources import Item, Page, Post, Source, open_source
from services.scraper.sources.pixiv.session import PixivSession
from shared.contract.preview import SourcePreview
from shared.recipe.exclude import Exclusion
from shared.recipe.recipe import Recipe
from shared.recipe.sources import name_of, pause_of

THUMBNAILS = 12
"""Thumbnails that are named."""

TAGS = 200
"""Tags, characters and artists that are named, of each the most frequent."""


@runtime_checkable
class Counting(Protocol):
    """A source whose board counts what a search finds."""

    def count(self) -> int | None:
        """Return about how many posts there are, None if the board does not know."""
        ...


def previews(
    recipe: Recipe, number: int, environment: ScraperEnvironment, pages: int | None
) -> Iterator[SourcePreview]:
    """Yield the preview of source `number` of a recipe after each page, `pages` of them at most.

    If not all have been gone through then, the last one has the number that the board counts.
    """
    section, exclusion = recipe.sources[number], Exclusion(recipe.exclude)
    conditions = conditions_of(environment, PixivSession(environment), hosts_of(environment))
    with closing(open_source(section, conditions)) as source:
        tally = _Tally(source.kind, name_of(section), pause_of(section))
        for page in islice(_pages(source), pages):
            items = tuple(item.without(exclusion, source.kind).showing(recipe.character.tags) for item in page.items)
            tally.add(replace(page, items=items))
            yield tally.preview()
        if not tally.complete and isinstance(source, Counting):
            yield tally.preview().model_copy(update={"counted": source.count()})


def _pages(source: Source) -> Iterator[Page]:
    cursor: str | None = ""
    while cursor is not None:
        page = source.page(cursor)
        yield page
        cursor = page.next


class _Tally:
    """Numbers of a source; they take memory for each artist and tag, but not for each post."""

    def __init__(self, kind: str, name: str, pause: float) -> None:
        self._kind, self._name, self._pause = kind, name, pause
        self._pages = self._listed = self._taken = self._unreadable = self._bytes = self._without_size = 0
        self._dropped: Counter[str] = Counter()
        self._artists: Counter[str] = Counter()
        self._tags: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._thumbnails: list[str] = []
        self.complete = False

    def add(self, page: Page) -> None:
        """Count the items of a page."""
        self._pages += 1
        self.complete = page.next is None
        for item in page.items:
            self._count(item)

    def _count(self, item: Item) -> None:
        self._listed += 1
        if item.trouble is not None:
            self._unreadable += 1
        elif item.drop is not None:
            self._dropped[item.drop.reason.value] += 1
        else:
            self._taken += 1
            self._without_size += item.post is None or item.post.bytes is None
            if item.post is not None:
                self._describe(item.post)

    def _describe(self, post: Post) -> None:
        self._bytes += post.bytes or 0
        self._artists.update(artist.name for artist in post.artists)
        self._tags.update((*post.tags.get("general", ()), *post.tags.get("meta", ())))
        self._characters.update(post.tags.get("character", ()))
        if post.thumbnail and len(self._thumbnails) < THUMBNAILS:
            self._thumbnails.append(post.thumbnail)

    def preview(self) -> SourcePreview:
        """Return the numbers of all pages so far."""
        return SourcePreview(
            kind=self._kind,
            name=self._name,
            pages=self._pages,
            complete=self.complete,
            listed=self._listed,
            taken=self._taken,
            dropped=dict(self._dropped.most_common()),
            unreadable=self._unreadable,
            bytes=self._bytes,
            without_size=self._without_size,
            seconds=self._pause * (self._pages + self._taken),
            artists=dict(self._artists.most_common(TAGS)),
            tags=dict(self._tags.most_common(TAGS)),
            characters=dict(self._characters.most_common(TAGS)),
            thumbnails=tuple(self._thumbnails),
        )
