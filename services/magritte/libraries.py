"""Imports of libraries that only some commands need, and that may not be installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.contract.errors import Unusable


@contextmanager
def of_training(extra: str = "trainer") -> Iterator[None]:
    """Wrap the imports of training's libraries: raises Unusable where one is missing, with the `extra` to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Unusable(f"{error.name} is not installed: install magritte[{extra}]") from error


@contextmanager
def of_pictures() -> Iterator[None]:
    """Wrap the imports of what decodes pictures: raises Unusable where it is missing."""
    with of_training("scraper"):
        yield
