"""Ledgers as their owner would write them, for tests of whoever reads them."""

import json
from typing import Any

from shared.contract import keys
from shared.contract.messages import Message, SourceExhausted, Stamp
from shared.ledger import journal
from shared.ledger.ledger import Ledger
from shared.ledger.tally import Tally
from shared.runs.registry import run_recipe
from shared.store.interface import Store


def note(store: Store, stage: str, *messages: Message, **circumstances: Any) -> None:
    """Append messages that `stage` has published to the journal of their run."""
    stamp = Stamp(stage=stage, **circumstances)
    number = 1
    while not journal.append(store, messages[0].run, number, [message.encode(stamp) for message in messages]):
        number += 1


def story(store: Store, run: str) -> list[dict[str, Any]]:
    """Return all that was published about a run, each with its stamp's fields beside its own."""
    found = []
    for record in Ledger(store, run).records():
        stamp = record.stamp.model_dump(exclude_none=True)
        found.append({**stamp, **record.message.finding(), "teller": record.stamp.stage})
    return found


def tally_of(store: Store, run: str) -> Tally:
    """Tally what has become of the pictures of a run."""
    return Ledger(store, run).book().tally


def list_entries(store: Store, run: str, entries: dict[str, Any], source: int = 0) -> SourceExhausted:
    """Write the listing of a source, and return what tells of it."""
    body = {"entries": entries, "count": len(entries)}
    store.put(keys.listing(run, source), json.dumps(body).encode())
    return SourceExhausted(run=run, source=source, count=len(entries))


def finish(store: Store, run: str) -> None:
    """Have a run finish, whose sources list nothing."""
    for source in range(len(run_recipe(store, run).sources)):
        note(store, "scraper", list_entries(store, run, {}, source))


def list_pages(store: Store, run: str, pages: int, entries: int = 200) -> None:
    """Write the listing of a source of `pages`, each of so many entries with what a board says of them."""
    tags = {"general": [f"tag_number_{number}" for number in range(40)]}
    for page in range(1, pages + 1):
        found = {}
        for number in range((page - 1) * entries, page * entries):
            post = {
                "board": "b.example",
                "number": number,
                "address": f"https://b.example/posts/{number}",
                "tags": tags,
            }
            provenance = {"source": "danbooru", "place": f"https://b.example/{number}.png", "post": post}
            found[f"{number:020x}"] = {
                "origin": str(number),
                "score": 0,
                "image": f"{number:064x}",
                "provenance": provenance,
            }
        body = {"entries": found, "count": entries, "before": (page - 1) * entries, "next": str(page)}
        store.put(keys.listing(run, 0, page), json.dumps(body | ({"next": None} if page == pages else {})).encode())
