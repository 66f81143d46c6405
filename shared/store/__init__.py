"""Object stores by address."""

from pathlib import Path

from shared.contract.errors import SettingsError
from shared.settings import Settings
from shared.store.folder import FolderStore
from shared.store.interface import Store

__all__ = ["FolderStore", "Store", "open_store"]


def open_store(settings: Settings) -> Store:
    """Return the store at `settings.store`, `folder:PATH` or `s3://BUCKET`; raises `SettingsError` for others."""
    scheme, _, rest = settings.store.partition(":")
    if scheme == "folder" and rest:
        return FolderStore(_folder(rest))
    if scheme == "s3" and rest.strip("/"):
        from shared.store.s3 import open_s3

        return open_s3(rest.strip("/"), settings)
    raise SettingsError(f"MAGRITTE_STORE: {settings.store!r} is no store; write folder:PATH or s3://BUCKET")


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # ~nobody
        raise SettingsError(f"MAGRITTE_STORE: {text}: there is no such user") from error
