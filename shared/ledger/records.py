"""Reads the records of a run, each in the one way that names what is wrong with it.

A record may have been cut short by a power failure, or written by another version of Magritte; and whoever keeps the
store's folder in a cloud finds copies in it that are no records at all (`X (conflicted copy).json`).
"""

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.contract import keys
from shared.contract.errors import Poison, Unreadable
from shared.contract.messages import Count, Digest
from shared.contract.objects import Objects
from shared.recipe.recipe import Recipe

R = TypeVar("R", bound=BaseModel)
P = TypeVar("P")

Skipped = Callable[[str], object]
"""Told the key of each object that is no record and is passed over."""

_NEW_RUN = "`magritte run RECIPE` begins a new run and does nothing twice"
_AGAIN = "Delete it and run again: it is written anew"


class DatasetVersion(BaseModel):
    """One version of a run's data set: its digest, the version before it, and the verdicts that it follows."""

    digest: Digest
    parent: Count | None = None
    verdicts: list[Count] = []


def stray(key: str) -> str:
    """Return a sentence about an object that is passed over."""
    return f"skipped {key}: it is no record of Magritte's, or cannot be read. Move it elsewhere"


def ignored(key: str) -> None:
    """Say nothing of an object that is no record."""


def read_recipe_of(store: Objects, run: str) -> Recipe:
    """Return what the run was asked for; raises `NotFound` and `Unreadable`."""
    return read_record(store, keys.recipe(run), Recipe, _NEW_RUN)


def read_dataset_version(store: Objects, key: str) -> DatasetVersion:
    """Return the record of a version of a data set at `key`; raises `NotFound` and `Unreadable`."""
    return read_record(store, key, DatasetVersion, _AGAIN)


def run_names(store: Objects, skipped: Skipped = ignored) -> Iterator[str]:
    """Find all runs in the store, by name."""
    return (name for _, name in _parsed(store, keys.recipe(), keys.parse_recipe, skipped))


def dataset_versions(store: Objects, run: str, skipped: Skipped = ignored) -> Iterator[tuple[int, str]]:
    """Find number and key of every version of the run's data set, the newest last."""
    found = _parsed(store, keys.dataset_version(run), keys.parse_dataset_version, skipped)
    return ((version, key) for key, version in found)


def _parsed(store: Objects, prefix: str, parse: Callable[[str], P], skipped: Skipped) -> Iterator[tuple[str, P]]:
    for key in store.list(prefix):
        try:
            found = parse(key)
        except Poison:
            skipped(key)
        else:
            yield key, found


def decoded(key: str, content: bytes, kind: type[R], remedy: str) -> R:
    """Return what the object at `key` says, of which `content` may be a part; raises `Unreadable`."""
    try:
        return kind.model_validate(json.loads(content))
    except ValidationError as error:
        raise Unreadable(f"{key} is damaged or of another version of Magritte: {_first(error)}", remedy) from error
    except (ValueError, RecursionError) as error:
        state = "has been cut short or damaged" if content else "is empty, as after a power failure"
        raise Unreadable(f"{key} {state}", remedy) from error


def read_record(store: Objects, key: str, kind: type[R], remedy: str) -> R:
    """Return the record at `key`; raises `NotFound`, and `Unreadable` with what a person can do about it."""
    return decoded(key, store.get(key), kind, remedy)


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return ": ".join(filter(None, (".".join(map(str, problem["loc"])), problem["msg"])))
