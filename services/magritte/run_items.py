"""Looks up the pictures of a run in its ledger: their names, fates and histories."""

import os.path
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from services.magritte.item_search import Found, ListedEntry, Words, search
from shared.contract.errors import Unreadable
from shared.contract.items import Entry, Face, WholeRun
from shared.contract.messages import (
    FaceFound,
    FaceNormalized,
    FaceUpscaled,
    ImageFetched,
    ImageKept,
    ImageSuperseded,
    Message,
)
from shared.ledger.fates import Settlement
from shared.ledger.journal import Record
from shared.ledger.ledger import Ledger
from shared.ledger.listing import read_pages
from shared.ledger.tally import Tally
from shared.recipe.sources import FolderSource
from shared.runs.registry import run_recipe
from shared.store.interface import Store

RUN = str(WholeRun())
"""The item that is the run itself."""

M = TypeVar("M", bound=Message)

Remark = Callable[[str], object]
"""Gets a sentence about each record that cannot be read."""


class RunItems:
    """The items of a run. `remark` gets a sentence about each damaged record."""

    def __init__(self, store: Store, run: str, remark: Remark) -> None:
        self._store = store
        self._run = run
        self._remark = remark
        self._ledger = Ledger(store, run, remark)

    def entries_meant(self, text: str) -> Found:
        """Find the entries that a person means by a text; messages are read only if no name fits."""
        entry = text.lower().partition(".")[0]
        if any(entry == known for known in self._tally):
            return Found([entry])
        words = Words(text, _paths(text))
        found = search(words, self.listed())
        if not found.exact and text == RUN:
            return Found([RUN])
        if not found.best and words.may_be_digest:
            return Found(list(self._entries_with_digest(words)))
        return found

    def listed(self) -> Iterator[ListedEntry]:
        """Yield all entries with their origins, from the listings or, while those are not written, from the journal."""
        known = set[str]()
        for source, section in enumerate(run_recipe(self._store, self._run).sources):
            folder = str(section.folder.absolute()) if isinstance(section, FolderSource) else ""
            for entry, record in self._listing(source):
                known.add(entry)
                yield _listed(entry, record, folder)
        if unlisted := {entry for entry in self._tally if entry not in known}:
            yield from self._fetched(unlisted)

    def settlement(self, entry: str) -> Settlement:
        """Return what has become of an entry."""
        return self._tally.settlement(entry)

    def fates(self) -> Iterator[tuple[Entry | Face, Settlement]]:
        """Yield every picture with its fate, or, where its faces decide that, each of these with its own."""
        for entry in self._tally:
            for number, fate in self._tally.fates(entry):
                yield Entry(entry) if number is None else Face(entry, number), fate

    def messages(self) -> Iterator[Message]:
        """Yield all that was published about the run, in order."""
        return (record.message for record in self._ledger.records())

    def messages_of(self, kind: type[M]) -> Iterator[M]:
        """Yield all messages of a type that were published about the run, in order."""
        records = self._ledger.records(f'"{kind.kind()}"')
        return (record.message for record in records if isinstance(record.message, kind))

    def members(self) -> dict[Face, int]:
        """Return the faces that belong into the data set, with the revision of each."""
        return {Face(entry, number): revision for entry, number, revision in self._tally.members()}

    def judgements(self) -> dict[str, ImageKept | ImageSuperseded]:
        """Return by entry what the deduper has decided last."""
        found: dict[str, ImageKept | ImageSuperseded] = {}
        for record in self._ledger.records(*(f'"{kind.kind()}"' for kind in (ImageKept, ImageSuperseded))):
            message = record.message
            if isinstance(message, ImageKept | ImageSuperseded):
                known = found.get(message.entry)
                if known is None or message.arrival >= known.arrival:
                    found[message.entry] = message
        return found

    def story(self, entry: str) -> list[dict[str, Any]]:
        """Return everything that happened to an entry and its faces, or to the run, in the order of time."""
        texts = () if entry == RUN else (entry,)
        own = (record for record in self._ledger.records(*texts) if _entry_of(record.message) == entry)
        return sorted(map(_as_json, own), key=lambda record: str(record["at"]))

    def image(self, entry: str) -> str:
        """Return the digest of an entry's original; empty if it has none."""
        found = (getattr(record.message, "image", "") for record in self._ledger.records(entry))
        return next(filter(None, found), "")

    def verdicts_about(self, entry: str) -> dict[int, tuple[int, bool]]:
        """Return `Tally.verdicts_about` of an entry."""
        return self._tally.verdicts_about(entry)

    def has_face(self, entry: str, number: int) -> bool:
        """Return whether a message is about face `number` of an entry."""
        return any(record.message.item == Face(entry, number) for record in self._ledger.records(entry))

    @cached_property
    def _tally(self) -> Tally:
        return self._ledger.book().tally

    def _listing(self, source: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the entries of a source with what is written down about each, as far as it has been gone through."""
        try:
            for page in read_pages(self._store, self._run, source):
                yield from page.entries.items()
        except Unreadable as error:
            self._remark(str(error))

    def _fetched(self, entries: set[str]) -> Iterator[ListedEntry]:
        for record in self._ledger.records(f'"{ImageFetched.kind()}"'):
            message = record.message
            if isinstance(message, ImageFetched) and message.entry in entries:
                yield ListedEntry(message.entry, message.origin, image=message.image)

    def _entries_with_digest(self, words: Words) -> Iterator[str]:
        seen = set()
        for record in self._ledger.records(words.text.lower()):
            message = record.message
            if not isinstance(message, FaceFound | FaceUpscaled | FaceNormalized) or message.entry in seen:
                continue
            if words.begins(message.picture if isinstance(message, FaceNormalized) else message.crop):
                seen.add(message.entry)
                yield message.entry


def _listed(entry: str, record: Mapping[str, Any], folder: str) -> ListedEntry:
    provenance = record.get("provenance") or {}
    return ListedEntry(
        entry,
        str(record.get("origin", "")),
        folder,
        image=str(record.get("image", "")),
        place=str(provenance.get("place", "")),
        kind=str(provenance.get("source", "")),
        post=record.get("post") or provenance.get("post"),
    )


def _entry_of(message: Message) -> str:
    return RUN if isinstance(message.item, WholeRun) else message.item.entry


def _as_json(record: Record) -> dict[str, Any]:
    stamp = record.stamp.model_dump(exclude_none=True)
    return {**stamp, **record.message.finding(), "item": str(record.message.item)}


def _paths(text: str) -> tuple[str, ...]:
    """Return the absolute paths that a text may be, with links as they are written and without them."""
    if "\0" in text:
        return ()
    return os.path.abspath(text), os.path.realpath(text)  # noqa: PTH100 (Path keeps ..)
