"""The store as a stage sees it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Objects(Protocol):
    """Objects by key. Puts are atomic: a reader sees a whole object or none.

    Every method raises `StoreUnavailable` when the store does not answer for now and `StoreFull` when it has no
    space left. Keys come from `shared.contract.keys`; any other raises `Poison`.
    """

    def get(self, key: str) -> bytes:
        """Return the object's bytes; raises `NotFound`."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Create or replace an object."""
        ...

    def put_new(self, key: str, data: bytes) -> bool:
        """Create an object and return True; return False when it exists. Of several calls at once exactly one creates.

        A call that raised `StoreUnavailable` may have created it all the same, and answers False the next time.
        """
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Create or replace an object from a local file of any size, which is moved or deleted."""
        ...

    def file(self, key: str) -> AbstractContextManager[Path]:
        """Return a context with a local, read-only file that holds the object; raises `NotFound`."""
        ...

    def exists(self, key: str) -> bool:
        """Return whether there is an object `key`."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Yield all keys that begin with `prefix` (which ends with a slash), sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        ...
