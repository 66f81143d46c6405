"""From a back end's errors to those of the tree in `shared.contract.errors`."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.contract.errors import MagritteError


@dataclass(frozen=True)
class Translated:
    """A context whose errors become what `meaning` makes of them, or stay as they are where it makes nothing.

    Not a generator: from Python 3.12 on, an exception that passes through one keeps all its callers' variables in
    memory, pictures among them, until the garbage collector comes by.
    """

    meaning: Callable[[BaseException], MagritteError | None]

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        translated = self.meaning(error) if error is not None else None
        if translated is None:
            return
        try:
            raise translated from error
        finally:
            del translated  # or it would hold its traceback, that this frame, and this frame it
