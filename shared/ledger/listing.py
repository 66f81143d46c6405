"""Reads the listing of a source: every entry of it, where it was found, and what came of asking for it."""

from collections.abc import Mapping
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
    """The listing of a source: by entry, its `origin` and `score`, and what came of it.

    That is an `image` with its `provenance`, or a `reason` with its `detail`; of an entry that could not be processed,
    an `error`.
    """

    entries: dict[str, dict[str, Any]]
    count: Count


def read_listing(store: Objects, run: str, source: int) -> Listing:
    """Return what a source has listed; raises `NotFound` until it has, and `Unreadable`."""
    return read_record(store, keys.listing(run, source), Listing, "`magritte run RECIPE` lists the source again")


def find_listing(store: Objects, run: str, source: int) -> Listing | None:
    """Return what a source has listed; None until it has, readably: the scraper lists it again."""
    try:
        return read_listing(store, run, source)
    except (NotFound, Unreadable):
        return None


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
