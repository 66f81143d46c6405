"""Reads the records of a run, each in the one way that names what is wrong with it.

A record may have been cut short by a power failure, or written by another version of Magritte; and whoever keeps the
store's folder in a cloud finds copies in it that are no records at all (`X (conflicted copy).json`).
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contract import keys
from shared.contract.errors import Poison, Unreadable
from shared.contract.facts import Fact
from shared.contract.items import Item, parse_item
from shared.contract.messages import Count, Digest, Message
from shared.contract.stage import Objects
from shared.ledger.trail import fact_of
from shared.recipe.recipe import Recipe

R = TypeVar("R", bound=BaseModel)
P = TypeVar("P")

Skipped = Callable[[str], object]
"""Told the key of each object that is no record and is passed over."""

_NEW_RUN = "`magritte run RECIPE` begins a new run and does nothing twice"
_AGAIN = "Delete it and run again: it is written anew"


class DatasetVersion(BaseModel):
    """The digest of one version of a run's data set."""

    digest: Digest


class Listing(BaseModel):
    """The listing of a source: by entry, its origin and what came of it."""

    entries: dict[str, dict[str, Any]]
    count: Count


class Told(BaseModel):
    """A record of the trail: a message's fields, the stage that published it, and when."""

    model_config = ConfigDict(extra="allow")

    type: str
    stage: str
    at: str = ""


class Provenance(BaseModel):
    """The place where an original was found."""

    model_config = ConfigDict(extra="allow")

    origin: Any


def stray(key: str) -> str:
    """Return a sentence about an object that is passed over."""
    return f"skipped {key}: it is no record of Magritte's, or cannot be read. Move it elsewhere"


def ignored(key: str) -> None:
    """Say nothing of an object that is no record."""


def read_recipe_of(store: Objects, run: str) -> Recipe:
    """Return what the run was asked for; raises `NotFound` and `Unreadable`."""
    return _read(store, keys.recipe(run), Recipe, _NEW_RUN)


def read_dataset_version(store: Objects, key: str) -> str:
    """Return the digest of the data set that the record at `key` names; raises `NotFound` and `Unreadable`."""
    return _read(store, key, DatasetVersion, _AGAIN).digest


def read_listing(store: Objects, run: str, source: int) -> Listing:
    """Return what a source has listed; raises `NotFound` until it has, and `Unreadable`."""
    return _read(store, keys.listing(run, source), Listing, "`magritte run RECIPE` lists the source again")


def read_told(store: Objects, key: str) -> dict[str, Any]:
    """Return the record of the trail at `key`; raises `NotFound` and `Unreadable`."""
    return _read(store, key, Told, _AGAIN).model_dump()


def read_message(store: Objects, key: str) -> Message:
    """Return the message that the record of the trail at `key` tells; raises `NotFound` and `Unreadable`."""
    told = read_told(store, key)
    try:
        return Message.types[told["type"]].model_validate(told)
    except KeyError as error:
        raise Unreadable(f"{key} tells of a message of the unknown type {error}", _AGAIN) from error
    except ValidationError as error:
        raise Unreadable(f"{key} is damaged or of another version of Magritte: {_first(error)}", _AGAIN) from error


def provenance_keys(store: Objects, image: str, skipped: Skipped = ignored) -> Iterator[str]:
    """Find the keys of an original's provenance records; copies that a cloud drive has made are passed over."""
    return (key for key, _ in _parsed(store, keys.provenance(image), keys.parse_provenance, skipped))


def read_provenance(store: Objects, key: str) -> dict[str, Any]:
    """Return the provenance record at `key`; raises `NotFound` and `Unreadable`."""
    return _read(store, key, Provenance, _AGAIN).model_dump()


def read_origin(store: Objects, key: str) -> str:
    """Return the origin in the provenance record at `key`; raises `NotFound` and `Unreadable`."""
    return str(_read(store, key, Provenance, _AGAIN).origin)


def run_names(store: Objects, skipped: Skipped = ignored) -> Iterator[str]:
    """Find all runs in the store, by name."""
    return (name for _, name in _parsed(store, keys.recipe(), keys.parse_recipe, skipped))


def facts(store: Objects, run: str, skipped: Skipped = ignored, item: Item | None = None) -> Iterator[Fact]:
    """Find every fact in the run's trail, or in an item's, from its keys alone."""
    return (fact for _, _, fact in keyed_facts(store, run, skipped, item))


def keyed_facts(
    store: Objects, run: str, skipped: Skipped = ignored, item: Item | None = None
) -> Iterator[tuple[str, Item, Fact]]:
    """Find the same as `facts`, each after the key of its record and its item."""
    prefix = keys.trail(run, "" if item is None else str(item))
    for key, (text, label) in _parsed(store, prefix, keys.parse_trail, skipped):
        found = parse_item(text)
        yield key, found, fact_of(found, label)


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


def _read(store: Objects, key: str, kind: type[R], remedy: str) -> R:
    return decoded(key, store.get(key), kind, remedy)


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return ": ".join(filter(None, (".".join(map(str, problem["loc"])), problem["msg"])))
