"""Imports of libraries that only some commands need, and that may not be installed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from shared.contract.errors import Unusable


def of_training(extra: str = "trainer") -> AbstractContextManager[None]:
    """Wrap the imports of training's libraries, as `of_extra`."""
    return of_extra(extra)


@contextmanager
def of_extra(extra: str) -> Iterator[None]:
    """Wrap the imports of an extra's libraries: raises Unusable where one is missing, with the `extra` to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Unusable(f"{error.name} is not installed: install magritte[{extra}]") from error


@contextmanager
def of_pictures() -> Iterator[None]:
    """Wrap the imports of what decodes pictures: raises Unusable where it is missing."""
    with of_training("scraper"):
        yield
