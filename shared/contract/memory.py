"""Records of actions, by which a stage finds the result of the same action on the same input again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.objects import Objects

T = TypeVar("T")

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""Raised by `json` and by codecs about a record that is damaged or of another version."""


@dataclass(frozen=True)
class Action:
    """Work of a stage on an input, identified by stage, version, settings and input.

    `settings` holds all that the result depends on beside the input, `inputs` identifies the input. Two
    deliveries with the same action have the same outcome, in whatever run they occur.
    """

    stage: str
    version: int
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all four parts, in hexadecimal."""
        parts = [self.stage, self.version, self.settings, self.inputs]
        return hashlib.sha256(_canonical(parts).encode()).hexdigest()

    @property
    def key(self) -> str:
        """Key of the action's record."""
        return keys.action(self.stage, self.digest)


@dataclass(frozen=True)
class Codec(Generic[T]):
    """Writes a value as fields of a record (JSON), and reads it from them.

    `read` may raise ValueError, KeyError, TypeError, AttributeError and OverflowError about what it cannot read.
    """

    write: Callable[[T], Mapping[str, Any]]
    read: Callable[[Mapping[str, Any]], T]


def recall(store: Objects, action: Action, codec: Codec[T]) -> T | None:
    """Return the recorded value of `action`; None without a record, or when the record cannot be read."""
    try:
        return codec.read(json.loads(store.get(action.key)))
    except (NotFound, *_UNREADABLE):
        return None


def keep(store: Objects, action: Action, value: T, codec: Codec[T]) -> None:
    """Record `value` as the result of `action`, in place of an earlier record."""
    settings = {"settings": dict(action.settings)} if action.settings else {}
    about = {"stage": action.stage, "version": action.version, **settings, "inputs": dict(action.inputs)}
    store.put(action.key, _canonical({**about, **codec.write(value)}).encode())
