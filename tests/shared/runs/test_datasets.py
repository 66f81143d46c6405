import json
from pathlib import Path

import numpy as np
import pytest

from shared.contract import keys
from shared.contract.errors import Poison
from shared.runs import datasets, manifests
from shared.store.folder import FolderStore
from shared.stylegan2.example import encode_picture
from shared.stylegan2.labels_file import encode_labels, one_hot
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
    assert manifests.members(store, DATASET) == listed


@pytest.mark.parametrize("manifest", [None, b"", b"{}", b"[]"])
def test_a_manifest_that_is_not_usable_is_poison(store: FolderStore, manifest: bytes | None) -> None:
    if manifest is not None:
        store.put(keys.dataset(DATASET, "manifest.json"), manifest)
    with pytest.raises(Poison, match="no usable manifest"):
        manifests.members(store, DATASET)


def test_an_altered_copy_has_the_checksum_of_its_picture(store: FolderStore) -> None:
    copy = {"name": "a-01", "derived": {"from": "a", "by": "mirror"}}
    body = {"members": [copy, {"name": "a"}, {"name": "b"}]}
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps(body).encode())
    assert datasets.family_checksums(store, DATASET, [1, 2, 3]) == [2, 2, 3]
    with pytest.raises(Poison, match="2 pictures, and its manifest 3"):
        datasets.family_checksums(store, DATASET, [1, 2])


def test_without_altered_copies_checksums_stay_as_they_are(store: FolderStore) -> None:
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps({"members": [{"name": "a"}, {"name": "b"}]}).encode())
    assert datasets.family_checksums(store, DATASET, [7, 8]) == [7, 8]


LABELS = one_hot([1, 0, 1], 2)


def with_labels(store: FolderStore, content: bytes | None, labels: tuple[str, ...] = ("b", "a", "b")) -> None:
    """A data set of three pictures and the classes a and b, with this file of labels."""
    body = {"classes": ["a", "b"], "members": [{"label": label} for label in labels]}
    store.put(keys.dataset(DATASET, "manifest.json"), json.dumps(body).encode())
    if content is not None:
        store.put(keys.dataset(DATASET, "toy-rxx.labels"), content)


def test_labels_come_in_the_order_of_the_records_and_classes_in_that_of_the_columns(store: FolderStore) -> None:
    with_labels(store, encode_labels(LABELS))
    labels = datasets.open_labels(store, DATASET)
    assert labels is not None
    assert labels.dtype == np.float32
    assert labels.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert manifests.classes(store, DATASET) == ("a", "b")


def test_a_data_set_without_classes_has_no_labels(store: FolderStore) -> None:
    store.put(keys.dataset(DATASET, "manifest.json"), b'{"members": [{"name": "b"}]}')
    assert datasets.open_labels(store, DATASET) is None
    assert manifests.classes(store, DATASET) == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, r"no file that are not those \[3, 2\] of its manifest"),
        (encode_labels(LABELS[:2]), r"labels \[2, 2\] in .*toy-rxx\.labels that are not those"),
        (encode_labels(one_hot([1, 0, 1], 3)), r"labels \[3, 3\]"),
        (encode_labels(LABELS[::-1, ::-1]), r"labels \[3, 2\]"),
        (b"damaged", r"toy-rxx\.labels: It is no \.npy file"),
    ],
)
def test_labels_that_are_not_those_of_the_manifest_are_poison(
    store: FolderStore, content: bytes | None, reason: str
) -> None:
    with_labels(store, content)
    with pytest.raises(Poison, match=reason):
        datasets.open_labels(store, DATASET)


def test_a_picture_of_a_class_that_is_not_named_is_poison(store: FolderStore) -> None:
    with_labels(store, encode_labels(LABELS), ("b", "a", "c"))
    with pytest.raises(Poison, match="not those"):
        datasets.open_labels(store, DATASET)


def test_labels_that_no_manifest_tells_of_are_poison(store: FolderStore) -> None:
    with_labels(store, encode_labels(LABELS))
    store.put(keys.dataset(DATASET, "manifest.json"), b'{"members": [{}, {}, {}]}')
    with pytest.raises(Poison, match="not those"):
        datasets.open_labels(store, DATASET)
