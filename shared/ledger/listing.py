"""Reads the listing of a source: every entry of it, where it was found, and what came of asking for it."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from pydantic import BaseModel

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import Count, ImageDropped, ImageFetched
from shared.contract.objects import Objects
from shared.contract.reasons import Reason
from shared.ledger.records import read_record

SCRAPER = "scraper"
"""The stage that writes listings."""

_LONGEST_ORIGIN = 2000
"""Characters of an origin in a message, which must not be large; the listing has all of them."""


class Listing(BaseModel):
    """A page of a source's listing: by entry, its `origin` and `score`, and what came of it.

    That is an `image` with its `provenance`, or a `reason` with its `detail`; of an entry that could not be processed,
    an `error`. `count` is the number of entries, `before` that of all pages before; `next` is the source's cursor for
    the page that follows, None on the last one.
    """

    entries: dict[str, dict[str, Any]]
    count: Count
    before: Count = 0
    next: str | None = None


def read_pages(store: Objects, run: str, source: int) -> Iterator[Listing]:
    """Yield the pages of a source's listing, as far as it has come; raises `Unreadable` at one that is damaged."""
    for number in count(1):
        try:
            page = _read(store, run, source, number)
        except NotFound:
            return
        yield page
        if page.next is None:
            return


def complete_pages(store: Objects, run: str, source: int) -> Iterator[Listing]:
    """Yield the pages of a source's listing, one in memory at a time.

    Raises `NotFound` behind the last one if that is not the source's end, and `Unreadable` at one that is damaged: the
    scraper lists the rest again.
    """
    page = None
    for page in read_pages(store, run, source):
        yield page
    if page is None or page.next is not None:
        raise NotFound(f"source {source} of run {run} has not been listed to its end")


def find_page(store: Objects, run: str, source: int, number: int) -> Listing | None:
    """Return page `number` of a source's listing; None until it is there, readably."""
    try:
        return _read(store, run, source, number)
    except (NotFound, Unreadable):
        return None


def _read(store: Objects, run: str, source: int, number: int) -> Listing:
    """Read a page; all that a source of a run of before there were pages has listed is its first one."""
    places = [keys.listing(run, source, number), *([keys.old_listing(run, source)] if number == 1 else [])]
    for key in places:
        with suppress(NotFound):
            return read_record(store, key, Listing, "`magritte run RECIPE` lists the source again")
    raise NotFound(f"source {source} of run {run} has no page {number}")


def announced(
    run: str, source: int, entry: str, found: Mapping[str, Any], fresh: bool = False
) -> ImageFetched | ImageDropped | None:
    """Return what the scraper says of an entry of a listing; None of one that could not be processed.

    Its original is `fresh` if it has just come into the store.
    """
    if "image" in found:
        fields = {"image": found["image"], "source": source, "score": found["score"], "origin": _shown(found["origin"])}
        return ImageFetched.model_validate({"run": run, "entry": entry, "fresh": fresh, **fields})
    if "reason" in found:
        reason, detail = Reason(found["reason"]), found["detail"]
        return ImageDropped(run=run, entry=entry, stage=SCRAPER, reason=reason, detail=detail)
    return None


def _shown(origin: object) -> str:
    """Return an origin, fit for a message: names of files can hold what UTF-8 cannot express."""
    return str(origin)[:_LONGEST_ORIGIN].encode("utf-8", "replace").decode()
