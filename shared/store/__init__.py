"""Object stores by address."""

from pathlib import Path

from shared.errors import SettingsError
from shared.store.folder import FolderStore
from shared.store.interface import Store

__all__ = ["FolderStore", "Store", "open_store"]


def open_store(address: str) -> Store:
    """The store at an address such as `folder:./magritte-data`; raises `SettingsError` for any other scheme."""
    scheme, _, rest = address.partition(":")
    if scheme == "folder" and rest:
        return FolderStore(Path(rest).expanduser())
    raise SettingsError(f"MAGRITTE_STORE: {address!r} is no store; write folder:PATH")
