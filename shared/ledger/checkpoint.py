"""Writes and reads checkpoints of a book, so that nobody needs to read a run's journal from its beginning."""

import io
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.objects import Objects
from shared.ledger.book import Book
from shared.ledger.progress import Progress
from shared.ledger.tally import Tally

VERSION = 2

_LEAST = 1000
"""Facts that are cheaper to read again than to write down."""

_META = "meta.json"
_KEPT = 2
"""Checkpoints; the newest may be damaged."""


def is_due(book: Book) -> bool:
    """Return whether enough has been added: a thousand facts, and half as many as there are pictures.

    What is written for a run is thus at most a few times as much as its last checkpoint.
    """
    return book.added >= max(_LEAST, len(book.tally) // 2)


def write(store: Objects, run: str, book: Book) -> None:
    """Write a checkpoint of the book, and remove those before the last two."""
    store.put(keys.checkpoint(run, book.batches), _encoded(book))
    book.added = 0
    for number in _numbers(store, run)[:-_KEPT]:
        store.delete(keys.checkpoint(run, number))


def newest(store: Objects, run: str) -> Book:
    """Read the newest checkpoint that can be read; an empty book if there is none."""
    for number in reversed(_numbers(store, run)):
        with suppress(NotFound):
            data = store.get(keys.checkpoint(run, number))
            with suppress(Exception):  # damaged in whatever way, or of another version: the journal has it all
                return _decoded(data)
    return Book()


def _numbers(store: Objects, run: str) -> list[int]:
    """Return the numbers of all checkpoints, in order."""
    numbers = []
    for key in store.list(keys.checkpoint(run)):
        with suppress(Poison):  # a file in the store's folder that is no checkpoint
            numbers.append(keys.parse_checkpoint(key))
    return sorted(numbers)


def _encoded(book: Book) -> bytes:
    meta, columns = book.tally.content()
    stages = [(stage, kind, count) for (stage, kind), count in book.stages.items()]
    about = {
        "version": VERSION,
        "byteorder": sys.byteorder,
        "batches": book.batches,
        "tally": meta,
        "progress": book.progress.content(),
        "stages": stages,
    }
    return _zipped([(_META, json.dumps(about).encode()), *columns.items()])


def _zipped(parts: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return buffer.getvalue()


def _decoded(data: bytes) -> Book:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        about = json.loads(archive.read(_META))
        if (about["version"], about["byteorder"]) != (VERSION, sys.byteorder):
            raise ValueError("a checkpoint of another version or machine")
        columns = {name: archive.read(name) for name in archive.namelist() if name != _META}
    stages = Counter({(stage, kind): count for stage, kind, count in about["stages"]})
    return Book(Tally(about["tally"], columns), Progress.of(about["progress"]), stages, about["batches"])
