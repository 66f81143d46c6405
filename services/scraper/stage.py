"""Lists the sources of a run and brings the originals into the store."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from typing import Any

from services.scraper.entries import entry_id
from services.scraper.fetch_record import FetchRecord, keep_fetch, recall_fetch
from services.scraper.provenance import provenance
from services.scraper.sources import Conditions, Fetched, Item, Source, open_source
from shared import keys
from shared.errors import Interrupted, NotFound
from shared.fates import Drop, Reason
from shared.messages import ImageDropped, ImageFetched, Message, RunRequested, SourceExhausted
from shared.pictures import Limits, inspect
from shared.recipe_files import with_addresses
from shared.stage import Context, Objects, Stage


class Scraper(Stage[RunRequested]):
    """RunRequested in; ImageFetched or ImageDropped out for every entry of the source, then SourceExhausted.

    What came of every entry is written into the run's listing. Once that is there, the source is not looked at
    again: a redelivery is answered from the listing.
    """

    name = "scraper"
    version = 1

    def process(self, message: RunRequested, context: Context) -> Iterator[Message]:
        listing = _listing(message, context)
        if listing is None:
            listing = {}
            for entry, found in _look_through(message, context):
                listing[entry] = found
                yield _told(message, entry, found)
            body = {"entries": listing, "count": len(listing)}
            context.store.put(keys.listing(message.run, message.source), json.dumps(body).encode())
        else:
            for entry, found in listing.items():
                _stop_if_asked(context)
                yield _told(message, entry, found)
        yield SourceExhausted(run=message.run, source=message.source, count=len(listing))


def _listing(message: RunRequested, context: Context) -> dict[str, dict[str, Any]] | None:
    try:
        body = json.loads(context.store.get(keys.listing(message.run, message.source)))
    except (NotFound, ValueError):
        return None
    entries: dict[str, dict[str, Any]] = body["entries"]
    return entries


def _look_through(message: RunRequested, context: Context) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry of the source as the listing describes it. What a source lists twice is one entry."""
    limits = Limits.of(context.recipe.pictures)
    asked = with_addresses(context.recipe.sources[message.source], context.store)
    seen = set()
    with closing(open_source(asked, Conditions(limits.max_bytes, context.stopping))) as source:
        for item in source.items():
            _stop_if_asked(context)
            entry = entry_id(source.kind, message.source, item.origin)
            if entry not in seen:
                seen.add(entry)
                record = _fetched(source, item, FetchRecord(message.run, limits), context.store)
                _note_provenance(entry, record, context.store)
                yield entry, _description(item, record)


def _stop_if_asked(context: Context) -> None:
    if context.stopping():
        raise Interrupted


def _fetched(source: Source, item: Item, blank: FetchRecord, store: Objects) -> FetchRecord:
    """What comes of an item: from memory if that holds for the run and limits of `blank`, else by looking again."""
    known = recall_fetch(store, item)
    if known is not None and known.holds(blank.run, blank.limits):
        return known
    if known is not None:
        blank = replace(blank, image=known.image, provenance=known.provenance)
    fetched = _stored(blank, store) or source.fetch(item)
    record = replace(blank, drop=fetched) if isinstance(fetched, Drop) else _judged(source.kind, item, fetched, blank)
    if isinstance(fetched, Fetched) and record.image is not None and record.drop is None:
        store.put_new(keys.original(record.image), fetched.data)
    keep_fetch(store, item, record)
    return record


def _stored(known: FetchRecord, store: Objects) -> Fetched | None:
    """The original that was fetched when other limits held."""
    if known.image is None or known.provenance is None:
        return None
    try:
        return Fetched(store.get(keys.original(known.image)), known.provenance)
    except NotFound:
        return None


def _judged(kind: str, item: Item, fetched: Fetched, blank: FetchRecord) -> FetchRecord:
    """`blank`, filled in with what the bytes are."""
    info = inspect(fetched.data, blank.limits)
    if isinstance(info, Drop):
        return replace(blank, drop=info)
    image = hashlib.sha256(fetched.data).hexdigest()
    return replace(blank, image=image, provenance=provenance(kind, item, fetched, info))


def _note_provenance(entry: str, record: FetchRecord, store: Objects) -> None:
    if record.image is not None and record.drop is None:
        store.put_new(keys.provenance(record.image, entry), json.dumps(record.provenance, sort_keys=True).encode())


def _description(item: Item, record: FetchRecord) -> dict[str, Any]:
    common = {"origin": item.origin, "score": item.score}
    if record.drop is not None:
        return {**common, **asdict(record.drop)}
    return {**common, "image": record.image}


def _told(message: RunRequested, entry: str, found: dict[str, Any]) -> Message:
    """The message about an entry that a listing describes so."""
    if "image" in found:
        return ImageFetched(
            run=message.run, entry=entry, image=found["image"], source=message.source, score=found["score"]
        )
    return ImageDropped.of(message, Scraper.name, Drop(Reason(found["reason"]), found["detail"]), entry=entry)
