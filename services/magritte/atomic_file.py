"""Files that commands write: each appears whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from shared.contract.errors import output_error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield the path of a new file, which takes the target's place when it is whole; folders are made.

    Until then its name has nothing of the target's: TensorBoard reads whatever is named like an event file. Raises
    `SettingsError` where nothing can ever be written, `StoreFull` when the disk has no space left, `StoreUnavailable`
    when nothing can be written for another reason.
    """
    temporary = target.with_name(f".{uuid4().hex[:12]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, target.parent) from error
