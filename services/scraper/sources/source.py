"""What a source is: a listing, and a way to get what is listed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from services.scraper.sources.post import Post
from shared.contract.egress_policy import EgressPolicy
from shared.contract.reasons import Drop

if TYPE_CHECKING:  # they import this module
    from services.scraper.sources.pixiv.session import PixivSession
    from services.scraper.web.interface import Web

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


@dataclass(frozen=True)
class Page:
    """A part of what a source lists; `next` is the cursor of the part that follows, None after the last."""

    items: tuple[Item, ...]
    next: str | None


@dataclass(frozen=True)
class Fetched:
    """The bytes of an item, and what its provenance record shall say about it (JSON values).

    If the source has not said how many bytes there are (`of_known_length`), some may be missing at the end.
    """

    data: bytes
    facts: Mapping[str, Any]
    of_known_length: bool = True


@dataclass(frozen=True)
class Conditions:
    """Conditions that every source keeps to.

    These are the largest file it may read, whether it shall stop, and which addresses it may connect to. Boards are
    asked through `web`, and Pixiv as the account of the session `pixiv`, which outlives the sources.
    """

    max_bytes: int
    stopping: Callable[[], bool]
    egress: EgressPolicy = field(default_factory=EgressPolicy)
    web: "Web | None" = None
    pixiv: "PixivSession | None" = None


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
