"""The entries that earlier pages of a source have listed, so that what is listed twice is one entry."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from services.scraper.listing import find_page
from shared.contract.objects import Objects

SOURCES = 64
"""Sources whose entries are in memory; those of others are read from their pages."""


class SeenEntries:
    """The entries of the pages that were gone through last; about 100 bytes of memory each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, int], tuple[int, set[str]]] = OrderedDict()

    def before(self, store: Objects, run: str, source: int, page: int) -> set[str]:
        """Return the entries of all pages before `page`."""
        with self._lock:
            pages, entries = self._known.get((run, source), (0, set[str]()))
        if pages == page - 1:
            return entries
        found = (find_page(store, run, source, number) for number in range(1, page))
        entries = {entry for listing in found if listing is not None for entry in listing.entries}
        self._keep(run, source, page - 1, entries)
        return entries

    def add(self, run: str, source: int, page: int, entries: Iterable[str]) -> None:
        """Note the entries of `page`, if all earlier ones are known."""
        with self._lock:
            pages, known = self._known.get((run, source), (0, set[str]()))
        if pages == page - 1:
            known.update(entries)
            self._keep(run, source, page, known)

    def _keep(self, run: str, source: int, pages: int, entries: set[str]) -> None:
        with self._lock:
            self._known[run, source] = pages, entries
            self._known.move_to_end((run, source))
            while len(self._known) > SOURCES:
                self._known.popitem(last=False)
