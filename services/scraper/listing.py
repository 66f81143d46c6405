"""The listing of a source: what is written down about every entry, and what is announced of it."""

from dataclasses import asdict, dataclass
from typing import Any

from services.scraper.fetch_record import FetchRecord
from services.scraper.provenance import facts_of_post
from services.scraper.sources import Item, Post
from shared.contract import keys
from shared.contract.errors import Poison
from shared.contract.messages import Message
from shared.contract.reasons import Drop
from shared.contract.stage import Death, Objects, sentence
from shared.ledger.listing import Listing, announced, find_page

__all__ = [
    "Description",
    "Listed",
    "Listing",
    "described",
    "described_as_dead",
    "described_as_refused",
    "find_page",
    "is_dead",
    "item_of",
    "keep_listing",
]

Description = dict[str, Any]
"""What a listing says of an entry: `origin`, `score`, and either `image` and `provenance` or `reason` and `detail`.

Of an entry that could not be processed: `place`, `state`, `error` and `detail`, so that it can be tried again.
"""


@dataclass(frozen=True)
class Listed:
    """An entry of a listing; `error` is what it has died of just now.

    It is `fresh` if its original has just come into the store.
    """

    entry: str
    description: Description
    error: Exception | None = None
    fresh: bool = False

    def announced(self, run: str, source: int) -> Message | Death:
        """Return what is published about the entry."""
        message = announced(run, source, self.entry, self.description, self.fresh)
        return message or Death(self.entry, self.error or Poison(str(self.description.get("detail", ""))))


def described(item: Item, record: FetchRecord) -> Description:
    """Describe an item by what came of it, and by what a board says of it today."""
    common = {"origin": item.origin, "score": item.score}
    if record.drop is not None:
        return {**common, **asdict(record.drop), **_post(item)}
    provenance = {**(record.provenance or {}), **facts_of_post(item.post)}
    return {**common, "image": record.image, "provenance": dict(sorted(provenance.items()))}


def described_as_refused(item: Item, drop: Drop) -> Description:
    """Describe an item that the listing itself refuses, with what a board says of it."""
    return {"origin": item.origin, "score": item.score, **asdict(drop), **_post(item)}


def described_as_dead(item: Item, error: Exception) -> Description:
    """Describe an item that could not be processed."""
    why = {"error": type(error).__name__, "detail": sentence(error)}
    about = {"origin": item.origin, "score": item.score, "place": item.place, "state": dict(item.state)}
    return {**about, **_post(item), **why}


def is_dead(description: Description) -> bool:
    """Say whether a description is that of an entry that could not be processed."""
    return "error" in description


def item_of(description: Description) -> Item:
    """Return the item that a description of a dead entry is of."""
    post = Post.model_validate(description["post"]) if "post" in description else None
    return Item(description["origin"], description["place"], description["state"], description["score"], post)


def _post(item: Item) -> Description:
    return {"post": item.post.model_dump(mode="json", exclude_defaults=True)} if item.post is not None else {}


def keep_listing(store: Objects, run: str, source: int, page: int, listing: Listing) -> None:
    """Write down what came of each entry of a page."""
    store.put(keys.listing(run, source, page), listing.model_dump_json().encode())
