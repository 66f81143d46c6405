"""A store that counts its requests, for the benchmarks of what a store is asked for."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from shared.store import FolderStore


class CountingStore(FolderStore):
    """A folder that counts what it is asked for, by the name of the call.

    A listing counts as one for each thousand keys, as on S3.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.requests = Counter[str]()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes:
        self._count("get")
        return super().get(key)

    def put(self, key: str, data: bytes) -> None:
        self._count("put")
        super().put(key, data)

    def put_new(self, key: str, data: bytes) -> bool:
        self._count("put_new")
        return super().put_new(key, data)

    def put_file(self, key: str, path: Path) -> None:
        self._count("put_file")
        super().put_file(key, path)

    def exists(self, key: str) -> bool:
        self._count("exists")
        return super().exists(key)

    def delete(self, key: str) -> None:
        self._count("delete")
        super().delete(key)

    def list(self, prefix: str) -> Iterator[str]:
        found = list(super().list(prefix))
        self._count("list", 1 + len(found) // 1000)
        return iter(found)

    def _count(self, call: str, requests: int = 1) -> None:
        with self._lock:
            self.requests[call] += requests
