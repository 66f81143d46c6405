import json
from pathlib import Path

import numpy as np
import pytest

from shared import datasets, keys
from shared.errors import Poison
from shared.store.folder import FolderStore
from shared.stylegan2.example import encode_picture
from shared.stylegan2.tfrecords import frame

DATASET = "d" * 64


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def test_the_largest_level_is_opened(store: FolderStore) -> None:
    for level in (2, 3, 10):
        side = min(2**level, 16)
        record = frame(encode_picture(np.full((3, side, side), level, np.uint8)))
        store.put(keys.dataset(DATASET, f"toy-r{level:02d}.tfrecords"), record)
    pictures = datasets.open_pictures(store, DATASET)
    assert np.array_equal(pictures[np.array([0])], np.full((1, 16, 16, 3), 10, np.uint8))


def test_a_data_set_that_is_not_there_is_poison(store: FolderStore) -> None:
    with pytest.raises(Poison, match=r"no \.tfrecords"):
        datasets.open_pictures(store, DATASET)


def test_members_come_in_the_order_of_the_records(store: FolderStore) -> None:
    listed = [{"index": 0, "name": "b"}, {"index": 1, "name": "a"}]
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps({"members": listed}).encode())
    assert datasets.members(store, DATASET) == listed


@pytest.mark.parametrize("manifest", [None, b"", b"{}"])
def test_a_manifest_that_is_not_usable_is_poison(store: FolderStore, manifest: bytes | None) -> None:
    if manifest is not None:
        store.put(keys.dataset(DATASET, "manifest.json"), manifest)
    with pytest.raises(Poison, match="no usable manifest"):
        datasets.members(store, DATASET)
