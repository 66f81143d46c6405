"""What a run's records in the store tell of its items: which there are, what they are called, what happened to them."""

import os.path
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from services.magritte.item_search import Found, Listed, Words, search
from shared.contract import keys
from shared.contract.errors import NotFound, Poison, Unreadable
from shared.contract.items import WholeRun
from shared.contract.messages import FaceFound, FaceNormalized, FaceUpscaled
from shared.ledger.fates import Settlement
from shared.ledger.records import Skipped, keyed_facts, read_listing, read_origin, read_told
from shared.ledger.tally import Tally
from shared.recipe.sources import FolderSource
from shared.runs.registry import run_recipe
from shared.store.interface import Store

RUN = str(WholeRun())
"""The item that is the run itself."""

_WITH_DIGESTS = {FaceFound.kind(), FaceUpscaled.kind(), FaceNormalized.kind()}
"""Messages that name a crop or a picture of the data set."""

Remark = Callable[[str], object]
"""Told, as a sentence, which record cannot be read."""


class RunItems:
    """The items of a run. `skipped` is told of files in its trail that are no facts, `remark` of damaged records."""

    def __init__(self, store: Store, run: str, skipped: Skipped, remark: Remark) -> None:
        self._store = store
        self._run = run
        self._remark = remark
        self._tally = Tally()
        self._items: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
        self._with_digests: list[tuple[str, str]] = []
        for key, item, fact in keyed_facts(store, run, skipped):
            entry = RUN if isinstance(item, WholeRun) else item.entry
            self._tally.add(fact)
            self._items[entry].setdefault(str(item), []).append(key)
            if fact.kind in _WITH_DIGESTS:
                self._with_digests.append((entry, key))

    def entries_meant(self, text: str) -> Found:
        """Find the entries that a person means by a text; records of faces are read only if nothing else fits."""
        entry = text.lower().partition(".")[0]
        if entry in self._items and entry != RUN:
            return Found([entry])
        words = Words(text, _paths(text))
        found = search(words, self.listed())
        if not found.exact and text == RUN and RUN in self._items:
            return Found([RUN])
        if not found.best and words.may_be_digest:
            return Found(list(self._entries_with_digest(words)))
        return found

    def listed(self) -> Iterator[Listed]:
        """Find what every entry is called: by the listings, and where those are not written yet, by provenance."""
        known = set()
        for source, asked in enumerate(run_recipe(self._store, self._run).sources):
            folder = str(asked.folder.absolute()) if isinstance(asked, FolderSource) else ""
            for entry, record in self._listing(source).items():
                known.add(entry)
                yield Listed(entry, str(record.get("origin", "")), folder, str(record.get("image", "")))
        unlisted = self._items.keys() - known - {RUN}
        if unlisted:
            yield from self._by_provenance(unlisted)

    def settlement(self, entry: str) -> Settlement:
        """Return what has become of an entry."""
        return self._tally.settlement(entry)

    def story(self, entry: str) -> list[dict[str, Any]]:
        """Return everything that happened to an entry and its faces, in the order of time."""
        told = [self._told(key) | {"item": item} for item, own in self._items.get(entry, {}).items() for key in own]
        return sorted((record for record in told if "at" in record), key=lambda record: record["at"])

    def _told(self, key: str) -> dict[str, Any]:
        try:
            return read_told(self._store, key)
        except Unreadable as error:
            self._remark(str(error))
            return {}

    def _listing(self, source: int) -> dict[str, dict[str, Any]]:
        try:
            return read_listing(self._store, self._run, source).entries
        except NotFound:  # the source is still being gone through
            return {}
        except Unreadable as error:
            self._remark(str(error))
            return {}

    def _by_provenance(self, entries: set[str]) -> Iterator[Listed]:
        for key in self._store.list(keys.provenance()):
            try:
                image, entry = keys.parse_provenance(key)
                if entry in entries:
                    yield Listed(entry, read_origin(self._store, key), image=image)
            except Unreadable as error:
                self._remark(str(error))
            except Poison:  # a file that is no record
                continue

    def _entries_with_digest(self, words: Words) -> Iterator[str]:
        seen = set()
        for entry, key in self._with_digests:
            told = self._told(key)
            if entry not in seen and any(words.begins(str(told.get(name, ""))) for name in ("crop", "picture")):
                seen.add(entry)
                yield entry


def _paths(text: str) -> tuple[str, ...]:
    """Return the absolute paths that a text may be, with links as they are written and without them."""
    if "\0" in text:
        return ()
    return os.path.abspath(text), os.path.realpath(text)  # noqa: PTH100 (Path keeps ..)
