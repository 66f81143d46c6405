"""Writes and reads checkpoints of a run's index, so that who takes a run over need not judge all its arrivals again."""

import io
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from services.deduper.run_index import RunIndex
from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.objects import Objects
from shared.recipe.duplicates import Duplicates

VERSION = 2
"""Raise it when the index or its rules change: older checkpoints are passed over then."""

LEAST = 2000
"""Arrivals that are cheaper to judge again than to write down."""

_KEPT = 2
"""Checkpoints; the newest may be damaged."""


def is_due(arrivals: int, written: int) -> bool:
    """Return whether enough has arrived since a checkpoint of `written` arrivals: all in all a few times the index."""
    return arrivals - written >= max(LEAST, written // 2)


def write(store: Objects, run: str, index: RunIndex, batches: Mapping[str, int]) -> None:
    """Write a checkpoint, and remove those before the last two. `batches` has the batch of each entry, in order."""
    stream = io.BytesIO()
    columns: dict[str, Any] = {"batches": np.fromiter(batches.values(), np.int64), **index.state()}
    np.savez(stream, version=VERSION, **columns)
    store.put(keys.index(run, len(index)), stream.getvalue())
    for number in _numbers(store, run)[:-_KEPT]:
        store.delete(keys.index(run, number))


def newest(store: Objects, run: str, settings: Duplicates) -> tuple[RunIndex, dict[str, int]]:
    """Return the newest index that can be read, with the batch of each entry; an empty one if there is none."""
    for number in reversed(_numbers(store, run)):
        with suppress(NotFound):
            data = store.get(keys.index(run, number))
            with suppress(Exception):  # damaged in whatever way, or of another version: the arrivals have it all
                return _decoded(data, settings)
    return RunIndex(settings), {}


def _decoded(data: bytes, settings: Duplicates) -> tuple[RunIndex, dict[str, int]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as known:
        if int(known["version"]) != VERSION:
            raise ValueError("of another version")
        index = RunIndex(settings)
        index.restore(known)
        entries = [entry.decode() for entry in known["entries"].tolist()]
        return index, dict(zip(entries, known["batches"].tolist(), strict=True))


def _numbers(store: Objects, run: str) -> list[int]:
    numbers = []
    for key in store.list(keys.index(run)):
        with suppress(Poison):  # a file in the store's folder that is no checkpoint
            numbers.append(keys.parse_index(key))
    return sorted(numbers)
