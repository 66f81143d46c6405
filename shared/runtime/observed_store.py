"""A store whose answers are timed and counted for Prometheus."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path

from shared.contract.errors import NotFound
from shared.runtime import metrics
from shared.store.interface import Store


class ObservedStore:
    """A `Store` that leaves everything to another one, as `stage` uses it."""

    def __init__(self, store: Store, stage: str) -> None:
        self._store = store
        self._stage = stage

    def prepare(self) -> None:
        self._store.prepare()

    def get(self, key: str) -> bytes:
        with self._observed("get"):
            return self._store.get(key)

    def put(self, key: str, data: bytes) -> None:
        with self._observed("put"):
            self._store.put(key, data)

    def put_new(self, key: str, data: bytes) -> bool:
        with self._observed("put_new"):
            return self._store.put_new(key, data)

    def put_file(self, key: str, path: Path) -> None:
        with self._observed("put_file"):
            self._store.put_file(key, path)

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        with ExitStack() as opened:
            with self._observed("file"):
                path = opened.enter_context(self._store.file(key))
            yield path

    @contextmanager
    def folder(self, prefix: str) -> Iterator[Path]:
        with ExitStack() as opened:
            with self._observed("folder"):
                path = opened.enter_context(self._store.folder(prefix))
            yield path

    def exists(self, key: str) -> bool:
        with self._observed("exists"):
            return self._store.exists(key)

    def list(self, prefix: str) -> Iterator[str]:
        """List keys as any store does; timed until the first key, since the rest waits for whoever reads it."""
        with self._observed("list"):
            keys = self._store.list(prefix)
            first = tuple(islice(keys, 1))
        return chain(first, keys)

    def delete(self, key: str) -> None:
        with self._observed("delete"):
            self._store.delete(key)

    def url(self, key: str) -> str:
        return self._store.url(key)

    def _observed(self, op: str) -> "_Observation":
        return _Observation(self._stage, op)


class _Observation:
    """A context that counts how long an operation of a stage's store took, and how it ended.

    Not a generator, which costs several times as much.
    """

    def __init__(self, stage: str, op: str) -> None:
        self._stage = stage
        self._op = op

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        seconds = time.perf_counter() - self._began
        outcome = "done" if kind is None else "absent" if issubclass(kind, NotFound) else "failed"
        metrics.labelled(metrics.STORE_SECONDS, self._stage, self._op, outcome).observe(seconds)
