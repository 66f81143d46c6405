"""What every object store offers. Twins: `folder` and `s3`; both pass the tests in tests/contract."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from shared.contract.objects import Objects


class Store(Objects, Protocol):
    """A store as the runtime and the commands use it: what stages see, and what is needed to run them."""

    def prepare(self) -> None:
        """Make the store ready and prove that it works, once before it is used.

        Raises `SettingsError` for a wrong address or wrong credentials, `StoreUnavailable` while it does not answer,
        and `Unusable` if it does not honour create-only puts.
        """
        ...

    def folder(self, prefix: str) -> AbstractContextManager[Path]:
        """Return a context with a local, read-only folder that holds the objects below `prefix` (ends with a slash).

        Each lies under the rest of its key. Raises `NotFound` when there is none.
        """
        ...

    def url(self, key: str) -> str:
        """Return an address under which a person can open the object."""
        ...
