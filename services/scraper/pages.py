"""The pages of a source: what it has listed, written down before anything of it is fetched.

A scraper that ends in the middle of a page goes on with the same items, and asks for no page twice.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.scraper.sources import Item, Page, Post
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.messages import ListingDue
from shared.contract.reasons import Drop, Reason
from shared.contract.stage import Objects

_UNREADABLE = (NotFound, ValueError, KeyError, TypeError, AttributeError)


def recall_page(store: Objects, due: ListingDue) -> Page | None:
    """Return a page as it was listed; None if it has not been listed yet, or cannot be read."""
    try:
        known = json.loads(store.get(keys.page(due.run, due.source, due.page)))
        return Page(tuple(map(_read, known["items"])), known["next"])
    except _UNREADABLE:
        return None


def keep_page(store: Objects, due: ListingDue, page: Page) -> None:
    """Write a page down; items in trouble are written without it, and are fetched when the page is read again."""
    content = {"items": [_written(item) for item in page.items], "next": page.next}
    store.put(keys.page(due.run, due.source, due.page), json.dumps(content).encode())


def _written(item: Item) -> dict[str, Any]:
    fields: dict[str, Any] = {"origin": item.origin, "place": item.place, "state": dict(item.state)}
    if item.score:
        fields["score"] = item.score
    if item.post is not None:
        fields["post"] = item.post.model_dump(mode="json", exclude_defaults=True)
    if item.drop is not None:
        fields["drop"] = asdict(item.drop)
    return fields


def _read(known: Mapping[str, Any]) -> Item:
    post, drop = known.get("post"), known.get("drop")
    return Item(
        known["origin"],
        known["place"],
        known["state"],
        known.get("score", 0),
        post=Post.model_validate(post) if post is not None else None,
        drop=Drop(Reason(drop["reason"]), drop["detail"]) if drop is not None else None,
    )
