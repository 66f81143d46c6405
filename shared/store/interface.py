"""What every object store offers. Twins: `folder` and `s3`; both pass the tests in tests/contract."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Objects by key. Puts are atomic: a reader sees a whole object or none.

    Every method raises `StoreUnavailable` when the store does not answer for now and `StoreFull` when it has no
    space left. Keys come from `shared.keys`; any other raises `Poison`.
    """

    def prepare(self) -> None:
        """Make the store ready and prove that it works, once before it is used.

        Raises `SettingsError` for a wrong address or wrong credentials, `StoreUnavailable` while it does not answer,
        and `Unusable` if it does not honour create-only puts.
        """
        ...

    def get(self, key: str) -> bytes:
        """The object's bytes; raises `NotFound`."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Create or replace an object."""
        ...

    def put_new(self, key: str, data: bytes) -> bool:
        """Create an object; False, and nothing done, when it exists. Of several at once exactly one succeeds.

        One that raised `StoreUnavailable` may have created it all the same, and answers False the next time.
        """
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Create or replace an object from a local file of any size. The file is no longer needed afterwards."""
        ...

    def file(self, key: str) -> AbstractContextManager[Path]:
        """A local, read-only file that holds the object as long as the context lasts; raises `NotFound`."""
        ...

    def folder(self, prefix: str) -> AbstractContextManager[Path]:
        """A local, read-only folder that holds what lies below `prefix` (which ends with a slash) as long as the
        context lasts, each object under the rest of its key; raises `NotFound` when there is nothing."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """All keys that begin with `prefix` (which ends with a slash), sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        ...

    def url(self, key: str) -> str:
        """An address under which a person can open the object."""
        ...
