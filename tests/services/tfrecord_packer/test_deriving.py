"""Altered copies in a data set: what its files say of them, and what takes them out again."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.tfrecord_packer.deriving import with_derived
from services.tfrecord_packer.manifest import Member
from shared.contract import keys
from shared.contract.errors import Interrupted, Unreadable
from shared.contract.messages import ImageDropped
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.augmented import Augmented
from shared.runs import datasets, manifests
from shared.store import FolderStore
from shared.stylegan2.verification import verify_dataset
from tests.services.tfrecord_packer.packing_run import PackingRun
from tests.shared.ledgers import note


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "data")


def augmented(store: FolderStore, folder: Path, copies: int = 2, **sections: Any) -> PackingRun:
    return PackingRun(store, folder, pictures=5, augmented={"copies": copies}, **sections)


def listed(store: FolderStore, digest: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The members of a data set by name: those with a face of their own, and the altered copies."""
    members = {each["name"]: each for each in manifests.members(store, digest)}
    own = {name: each for name, each in members.items() if "derived" not in each}
    return own, {name: each for name, each in members.items() if name not in own}


def test_each_picture_has_its_copies_named_as_such_with_the_provenance_of_their_source(
    store: FolderStore, tmp_path: Path
) -> None:
    packing = augmented(store, tmp_path)
    packing.note(0, 1, 2)
    own, copies = listed(store, packing.packed().digest)
    assert (len(own), len(copies)) == (3, 6)
    for copy in copies.values():
        source = own[copy["derived"]["from"]]
        same = ("image", "entry", "face", "origins")
        assert [copy[name] for name in same] == [source[name] for name in same]
        assert copy["derived"]["by"]
        assert copy["picture"] != source["picture"]
        assert manifests.family(copy) == manifests.family(source) == source["name"]


def test_the_records_hold_the_pictures_that_the_manifest_names(store: FolderStore, tmp_path: Path) -> None:
    packing = augmented(store, tmp_path)
    packing.note(1, 2)
    digest = packing.packed().digest
    pictures = datasets.open_pictures(store, digest)
    for index, member in enumerate(manifests.members(store, digest)):
        with Image.open(BytesIO(store.get(keys.normalized(member["picture"])))) as picture:
            assert np.array_equal(pictures[np.array([index])][0], np.asarray(picture))
    with store.folder(keys.dataset(digest)) as folder:
        assert verify_dataset(folder).records == 6


def test_a_copy_has_the_class_of_its_source(store: FolderStore, tmp_path: Path) -> None:
    origins = ["wink/0.png", "smile/1.png", "smile/2.png"]
    packing = PackingRun(store, tmp_path, origins=origins, labels={"folders": True}, augmented={"copies": 1})
    packing.note(0, 1, 2)
    digest = packing.packed().digest
    own, copies = listed(store, digest)
    assert {copy["derived"]["from"]: copy["label"] for copy in copies.values()} == {
        name: member["label"] for name, member in own.items()
    }
    labels = datasets.open_labels(store, digest)
    assert labels is not None
    assert labels.sum() == 6


def test_copies_leave_with_their_source_and_come_back_as_they_were(store: FolderStore, tmp_path: Path) -> None:
    packing = augmented(store, tmp_path)
    packing.note(0, 1)
    first = packing.packed()
    gone = {"run": packing.run, "entry": packing.entries[1], "revision": 1, "stage": "face-detector"}
    note(store, "face-detector", ImageDropped.model_validate(gone | {"reason": Reason.NO_FACE}))
    own, copies = listed(store, packing.packed().digest)
    assert {each["entry"] for each in (*own.values(), *copies.values())} == {packing.entries[0]}
    before = listed(store, first.digest)[1]
    assert all(before[name]["picture"] == copy["picture"] for name, copy in copies.items())


def test_the_same_pictures_give_the_same_data_set_in_another_store(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        packing = augmented(FolderStore(tmp_path / name), tmp_path)
        packing.note(0, 1, 2)
        digests.add(packing.packed().digest)
    assert len(digests) == 1


def test_copies_are_made_once(store: FolderStore, tmp_path: Path) -> None:
    packing = augmented(store, tmp_path)
    packing.note(0)
    packing.packed()
    made = set(store.list("normalized/"))
    store.put(keys.normalized(packing.picture(0)), b"cannot be read again")
    members = {"a": Member("a", packing.picture(0), "i", "e", 0)}
    again = with_derived(members, Augmented(copies=2), Context(store))
    assert {keys.normalized(each.picture) for each in again.values()} == made


def test_a_damaged_copy_is_named_with_what_makes_it_anew(store: FolderStore, tmp_path: Path) -> None:
    packing = augmented(store, tmp_path)
    packing.note(0)
    copies = listed(store, packing.packed().digest)[1]
    store.put(keys.normalized(next(iter(copies.values()))["picture"]), b"junk")
    packing.note(1)
    with pytest.raises(Unreadable, match="is damaged") as raised:
        packing.packed()
    assert "actions/tfrecord-packer" in str(raised.value)


def test_the_card_says_how_many_are_copies(store: FolderStore, tmp_path: Path) -> None:
    packing = augmented(store, tmp_path, copies=3)
    packing.note(0, 1)
    card = store.get(keys.dataset(packing.packed().digest, keys.DATA_CARD)).decode()
    assert "2 faces and 6 altered copies of them, from 2 pictures" in card


def test_making_copies_stops_when_it_is_told_to(store: FolderStore, tmp_path: Path) -> None:
    packing = augmented(store, tmp_path)
    members = {"a": Member("a", packing.picture(0), "i", "e", 0)}
    with pytest.raises(Interrupted):
        with_derived(members, Augmented(copies=1), Context(store, stopping=lambda: True))


def test_without_copies_a_manifest_is_as_it_always_was(store: FolderStore, tmp_path: Path) -> None:
    packing = PackingRun(store, tmp_path)
    packing.note(0)
    digest = packing.packed().digest
    manifest = json.loads(store.get(keys.dataset(digest, keys.MANIFEST)))
    assert set(manifest["members"][0]) == {"index", "name", "picture", "image", "entry", "face", "origins"}


def test_a_picture_and_its_copies_are_held_out_together(store: FolderStore, tmp_path: Path) -> None:
    packing = augmented(store, tmp_path)
    packing.note(0, 1, 2, 3, 4)
    digest = packing.packed().digest
    pictures = datasets.open_pictures(store, digest)
    checksums = datasets.family_checksums(store, digest, pictures.checksums)
    families: dict[str, set[int]] = {}
    for member, checksum in zip(manifests.members(store, digest), checksums, strict=True):
        families.setdefault(manifests.family(member), set()).add(checksum)
    assert len(families) == 5
    assert all(len(found) == 1 for found in families.values())
    assert len(set(pictures.checksums)) > len(families)
