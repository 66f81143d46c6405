"""What a source is: a listing, and a way to get what is listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from services.scraper.web.conditions import Conditions
from services.scraper.web.fetched import Fetched
from shared.contract.post import Post
from shared.contract.reasons import Drop
from shared.recipe.exclude import Exclusion
from shared.recipe.tags import missing_tag

__all__ = ["PAGE", "Conditions", "Fetched", "Item", "Page", "Source"]

PAGE = 1000
"""Items of a page, where a source may choose."""


@dataclass(frozen=True)
class Item:
    """One file, address or post that a source lists.

    `origin` names it within the source and stays when the source is moved; `place` is where it lies now. `state`
    differs when the content does, as far as that can be told without fetching. `score` ranks equally good copies.
    `post` is what a board says of it. With a `drop` the listing itself refuses it. `trouble` is what went wrong
    unexpectedly as the item was listed: then it is not fetched.
    """

    origin: str
    place: str
    state: Mapping[str, int | str] = field(default_factory=dict)
    score: int = 0
    post: Post | None = None
    drop: Drop | None = None
    trouble: Exception | None = None

    def without(self, exclusion: Exclusion, kind: str) -> "Item":
        """Return the item of a source of this kind, with a drop if `exclude` names it."""
        drop = exclusion.of(self.post, self.place, kind)
        return self if drop is None else replace(self, drop=drop)

    def showing(self, tags: Sequence[str]) -> "Item":
        """Return the item, with a drop if its source tells tags of it and none of `tags` is among them."""
        told = self.post.all_tags if self.post is not None else ()
        if self.drop is not None or not told:
            return self
        drop = missing_tag(told, tags)
        return self if drop is None else replace(self, drop=drop)


@dataclass(frozen=True)
class Page:
    """A part of what a source lists; `next` is the cursor of the part that follows, None after the last."""

    items: tuple[Item, ...]
    next: str | None


class Source(Protocol):
    """Lists items in pages, in the same order every time, and fetches them one by one.

    Both methods raise `Transient` when the source as a whole is out of reach, `HostRefuses` when a host does not want
    to be asked any more, and `Interrupted` when asked to stop while waiting. What is wrong with a single item is a
    `Drop`. Any other exception of `fetch` is the end of that item, and of `page` the end of the source. If
    `answers_vary`, what lies at a place can become something else though its item's `state` stays.
    """

    kind: str
    answers_vary: bool

    def page(self, cursor: str) -> Page:
        """Return the part of the listing that a cursor names; the empty cursor names the first."""
        ...

    def fetch(self, item: Item) -> Fetched | Drop:
        """Return one item's bytes, at most `Conditions.max_bytes` of them, or a `Drop`."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
