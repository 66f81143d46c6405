"""What the errors of our libraries, which know no pipeline, mean to whoever works on an item or a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.contract.errors import MagritteError, NotFound, Poison, Unusable
from shared.stylegan2.errors import DoesNotWork, NoSuchFolder, StyleGAN2Error


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of `shared.stylegan2` as those of Magritte, with the same text: all are Poison but two kinds."""
    try:
        yield
    except StyleGAN2Error as error:
        raise _meaning(error)(str(error)) from error


def _meaning(error: StyleGAN2Error) -> type[MagritteError]:
    if isinstance(error, DoesNotWork):
        return Unusable
    return NotFound if isinstance(error, NoSuchFolder) else Poison
