"""Messages as they would be if no picture had just come into the store."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

M = TypeVar("M")


def stale(messages: Iterable[M]) -> list[M]:
    """The messages, and what else is among them, with no picture fresh."""
    return [_stale(message) for message in messages]


def _stale(message: M) -> M:
    if isinstance(message, BaseModel) and getattr(message, "fresh", False):
        return message.model_copy(update={"fresh": False})
    return message
