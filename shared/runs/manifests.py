"""Manifests of data sets in the store: what is known of each picture, and the names of the classes."""

import json
from collections.abc import Mapping
from typing import Any

from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.contract.objects import Objects


def read_manifest(store: Objects, dataset: str) -> dict[str, Any]:
    """Return the manifest of a data set. Raises Poison without one that can be used."""
    try:
        manifest: dict[str, Any] = json.loads(store.get(keys.dataset(dataset, keys.MANIFEST)))
        manifest["members"]
    except (NotFound, ValueError, KeyError, TypeError) as error:
        raise Poison(f"the data set {dataset[:20]} has no usable manifest: {error}") from error
    return manifest


def members(store: Objects, dataset: str) -> list[dict[str, Any]]:
    """Return the manifest's entry of each picture, in the order of the records. Raises Poison without a manifest."""
    listed: list[dict[str, Any]] = read_manifest(store, dataset)["members"]
    return listed


def classes(store: Objects, dataset: str) -> tuple[str, ...]:
    """Return the names of the classes in the order of the labels' columns, none for a data set without labels.

    Raises Poison without a manifest.
    """
    return tuple(read_manifest(store, dataset).get("classes", ()))


def family(member: Mapping[str, Any]) -> str:
    """Return the name of the member that a manifest's entry is an altered copy of, otherwise its own."""
    derived: Mapping[str, str] = member.get("derived") or {}
    return str(derived.get("from", member.get("name", "")))
