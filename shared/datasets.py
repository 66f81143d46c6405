"""Data sets in the store: their pictures and what is known of each."""

import json
from typing import Any

from shared import keys
from shared.errors import NotFound, Poison
from shared.stage import Objects
from shared.stylegan2.picture_file import PictureFile


def open_pictures(store: Objects, dataset: str) -> PictureFile:
    """The pictures at full size, in the order of the records. Raises Poison when there are none or one is damaged."""
    levels = [key for key in store.list(keys.dataset(dataset)) if key.endswith(".tfrecords")]
    if not levels:
        raise Poison(f"the data set {dataset[:20]} has no .tfrecords in the store")
    with store.file(max(levels)) as path:  # their names end with the level, as two digits
        return PictureFile(path)


def members(store: Objects, dataset: str) -> list[dict[str, Any]]:
    """What the manifest says of each picture, in the order of the records. Raises Poison without a manifest."""
    try:
        listed: list[dict[str, Any]] = json.loads(store.get(keys.dataset(dataset, keys.MANIFEST)))["members"]
    except (NotFound, ValueError, KeyError) as error:
        raise Poison(f"the data set {dataset[:20]} has no usable manifest: {error}") from error
    return listed
