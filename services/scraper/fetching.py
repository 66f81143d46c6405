"""What comes of one item: from memory, from the original in the store, or by fetching it."""

import hashlib
from dataclasses import replace

from services.scraper.fetch_record import FetchRecord, FetchRequest, keep_fetch, recall_fetch, times_without_picture
from services.scraper.identities import file_name, keep_identities, recognise
from services.scraper.named_locks import NamedLocks
from services.scraper.provenance import provenance
from services.scraper.sources import Fetched, Item, Source
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.reasons import Drop
from shared.contract.stage import Objects
from shared.pictures import Limits, PictureInfo, decode, inspect

UNDER_WAY = NamedLocks()
"""Files that are being fetched in this process."""


def fetch(source: Source, item: Item, request: FetchRequest, store: Objects) -> FetchRecord:
    """Return what comes of an item: what is remembered if that holds, else what another look finds."""
    with UNDER_WAY.held(file_name(item)):
        return _fetched(source, item, request, store)


def _fetched(source: Source, item: Item, request: FetchRequest, store: Objects) -> FetchRecord:
    known = recall_fetch(store, item)
    if known is not None and known.holds(request, source.answers_vary):
        return known
    blank = FetchRecord(request.run, request.limits)
    if known is not None:
        blank = replace(known, run=request.run, limits=request.limits, drop=None)
    fetched: Fetched | Drop | None = _stored(blank, store) or recognise(store, item)
    if fetched is None:
        blank, fetched = replace(blank, asked_at=request.now), source.fetch(item)
    record = replace(blank, drop=fetched) if isinstance(fetched, Drop) else _judged(source.kind, item, fetched, blank)
    record = replace(record, times=times_without_picture(known, record.drop))
    if isinstance(fetched, Fetched) and record.image is not None and record.drop is None:
        is_new = store.put_new(keys.original(record.image), fetched.data)
        keep_identities(store, _as_fetched(item, fetched), record.image)
        record = replace(record, fresh=is_new)
    keep_fetch(store, item, record)
    return record


def _as_fetched(item: Item, fetched: Fetched) -> Item:
    """Return an item with the MD5 of the file that has come.

    A board may not have said it, and a file may have been replaced since it was listed.
    """
    if item.post is None or fetched.md5 in (None, item.post.md5):
        return item
    return replace(item, post=item.post.model_copy(update={"md5": fetched.md5}))


def _stored(known: FetchRecord, store: Objects) -> Fetched | None:
    """Return the original that was fetched when other limits held."""
    if known.image is None or known.provenance is None:
        return None
    try:
        return Fetched(store.get(keys.original(known.image)), known.provenance)
    except NotFound:
        return None


def _judged(kind: str, item: Item, fetched: Fetched, blank: FetchRecord) -> FetchRecord:
    """Return `blank`, filled in with what the bytes are."""
    info = _looked_at(item, fetched, blank.limits)
    if isinstance(info, Drop):
        return replace(blank, drop=info)
    image = fetched.sha256 or hashlib.sha256(fetched.data).hexdigest()
    return replace(blank, image=image, provenance=provenance(kind, item, fetched, info))


def _looked_at(item: Item, fetched: Fetched, limits: Limits) -> PictureInfo | Drop:
    """Return what the bytes are by their header; by all of them where nothing else says that they are whole and right.

    That is so if nobody has said how many they should be, and of the post of a board that does not state its MD5.
    """
    if fetched.of_known_length and (item.post is None or item.post.md5 is not None):
        return inspect(fetched.data, limits)
    picture = decode(fetched.data, limits)
    return picture if isinstance(picture, Drop) else picture.info
