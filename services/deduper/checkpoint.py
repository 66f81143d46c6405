"""Writes and reads checkpoints of a run's index, so that who takes a run over need not judge all its arrivals again."""

import io
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.deduper.open_index import Notice, OpenIndex
from services.deduper.run_index import RunIndex
from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.objects import Objects
from shared.recipe.duplicates import Duplicates

VERSION = 4
"""Raise it when the index or its rules change: older checkpoints are passed over then."""

LEAST = 2000
"""Arrivals that are cheaper to judge again than to write down."""

_KEPT = 2
"""Checkpoints; the newest may be damaged."""


def is_due(opened: OpenIndex) -> bool:
    """Return whether enough has arrived since the last checkpoint: all in all a few times the index."""
    return opened.arrivals - opened.written >= max(LEAST, opened.written // 2)


def write(store: Objects, run: str, opened: OpenIndex) -> None:
    """Write a checkpoint, and remove those before the last two."""
    stream, notices = io.BytesIO(), opened.notices
    columns: dict[str, Any] = {
        "arrivals": opened.arrivals,
        "batches": np.fromiter(opened.batches.values(), np.int64),
        "notice_subjects": np.array(list(notices), "S140"),
        "notices": np.array([(each.value, each.batch) for each in notices.values()], np.int64).reshape(-1, 2),
        "revised_entries": np.array(list(opened.revised), "S20"),
        "revised": np.fromiter(opened.revised.values(), np.int64),
        **opened.index.state(),
    }
    np.savez(stream, version=VERSION, **columns)
    store.put(keys.index(run, opened.arrivals), stream.getvalue())
    opened.written = opened.arrivals
    for number in _numbers(store, run)[:-_KEPT]:
        store.delete(keys.index(run, number))


def newest(store: Objects, run: str, settings: Duplicates) -> OpenIndex:
    """Return the newest index that can be read; an empty one if there is none."""
    for number in reversed(_numbers(store, run)):
        with suppress(NotFound):
            data = store.get(keys.index(run, number))
            with suppress(Exception):  # damaged in whatever way, or of another version: the arrivals have it all
                return _decoded(data, settings)
    return OpenIndex(RunIndex(settings))


def _decoded(data: bytes, settings: Duplicates) -> OpenIndex:
    with np.load(io.BytesIO(data), allow_pickle=False) as known:
        if int(known["version"]) != VERSION:
            raise ValueError("of another version")
        index = RunIndex(settings)
        index.restore(known)
        batches = dict(zip(_names(known["entries"]), known["batches"].tolist(), strict=True))
        said = (Notice(*each) for each in known["notices"].tolist())
        notices = dict(zip(_names(known["notice_subjects"]), said, strict=True))
        revised = dict(zip(_names(known["revised_entries"]), known["revised"].tolist(), strict=True))
        arrivals = int(known["arrivals"])
        return OpenIndex(index, batches, notices, revised, arrivals, arrivals)


def _names(column: NDArray[Any]) -> list[str]:
    return [name.decode() for name in column.tolist()]


def _numbers(store: Objects, run: str) -> list[int]:
    numbers = []
    for key in store.list(keys.index(run)):
        with suppress(Poison):  # a file in the store's folder that is no checkpoint
            numbers.append(keys.parse_index(key))
    return sorted(numbers)
