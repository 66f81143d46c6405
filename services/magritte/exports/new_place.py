"""The place of an export: a file or folder that appears whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import typer

from shared.contract.errors import output_error


def check_free(target: Path, option: str) -> None:
    """Raise BadParameter if there is something at the target: it would be lost, or mix with what is written."""
    is_free = not target.exists() or (target.is_dir() and next(target.iterdir(), None) is None)
    if not is_free or target.is_symlink():
        raise typer.BadParameter(f"{target} is there already: name another, or move it away", param_hint=option)


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Yield the path of a file or folder to make, which gets the target's name when it is whole, and else goes away.

    Its name is the target's with a dot before it. A process that is killed leaves it there; nothing reads it.
    Raises `SettingsError` where nothing can ever be written, `StoreFull` and `StoreUnavailable` for other reasons.
    """
    partial = target.with_name(f".{target.name}.{uuid4().hex[:12]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            if target.is_dir() and not partial.is_dir():
                target.rmdir()
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, target.parent) from error
