"""The packer at work on a store: what becomes of a data set that is due."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.tfrecord_packer.bookkeeping import Bookkeeping
from services.tfrecord_packer.events import ClassesWithoutPictures
from services.tfrecord_packer.stage import TfrecordPacker
from shared.contract import keys
from shared.contract.errors import Poison, Unreadable
from shared.contract.events import Event
from shared.contract.messages import DatasetDue, DatasetPacked, FaceNormalized, ImageDropped, ImageSuperseded
from shared.contract.reasons import Reason
from shared.ledger.records import read_dataset_version
from shared.runs import datasets, manifests
from shared.store import FolderStore
from tests.services.tfrecord_packer.packing_run import PackingRun, image
from tests.shared.ledgers import note, tally_of


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "data")


@pytest.fixture
def packing(store: FolderStore, tmp_path: Path) -> PackingRun:
    return PackingRun(store, tmp_path)


def test_a_data_set_has_all_faces_that_belong_into_it_and_where_they_were_found(packing: PackingRun) -> None:
    packing.note(0, 1)
    packed = packing.packed()
    assert packed.version == 1
    members = manifests.members(packing.store, packed.digest)
    origins = {member["entry"]: [origin["origin"] for origin in member["origins"]] for member in members}
    assert origins == {packing.entries[0]: ["0.png"], packing.entries[1]: ["1.png"]}


def test_a_picture_that_was_found_twice_has_all_its_places_in_this_run(store: FolderStore, tmp_path: Path) -> None:
    packing = PackingRun(store, tmp_path)
    listing = json.loads(store.get(keys.listing(packing.run, 0)))
    listing["entries"][packing.entries[1]]["image"] = image(0)
    store.put(keys.listing(packing.run, 0), json.dumps(listing).encode())
    packing.note(0)
    (member,) = manifests.members(store, packing.packed().digest)
    assert [origin["origin"] for origin in member["origins"]] == ["0.png", "1.png"]


@pytest.mark.parametrize("damage", [b"", b"junk", b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_picture_is_named_and_not_tried_for_ever(packing: PackingRun, damage: bytes) -> None:
    packing.note(0, 1)
    key = keys.normalized(packing.picture(0))
    packing.store.put(key, damage)
    with pytest.raises(Unreadable, match=f"{key} is damaged"):
        packing.packed()


def test_two_packers_at_once_agree_on_the_version(packing: PackingRun) -> None:
    packing.note(0, 1)
    assert packing.packed() == packing.packed()


def test_a_change_makes_the_next_version_which_names_its_parent(packing: PackingRun) -> None:
    packing.note(0)
    first = packing.packed()
    packing.note(1)
    second = packing.packed()
    assert (first.version, second.version) == (1, 2)
    assert first.digest != second.digest
    record = read_dataset_version(packing.store, keys.dataset_version(packing.run, 2))
    assert (record.digest, record.parent, record.verdicts) == (second.digest, 1, [])


def test_going_back_to_what_an_earlier_version_had_is_a_version_of_its_own(packing: PackingRun) -> None:
    packing.note(0)
    first = packing.packed()
    packing.note(1)
    packing.packed()
    gone = {"run": packing.run, "entry": packing.entries[1], "revision": 1, "stage": "face-detector"}
    note(packing.store, "face-detector", ImageDropped.model_validate(gone | {"reason": Reason.NO_FACE}))
    third = packing.packed()
    assert (third.version, third.digest) == (3, first.digest)
    assert third.changes == tally_of(packing.store, packing.run).changes


def test_a_face_that_was_made_anew_is_in_as_its_latest_revision(packing: PackingRun) -> None:
    packing.note(0)
    about = {"run": packing.run, "entry": packing.entries[0], "image": image(0), "face": 0, "revision": 3}
    note(packing.store, "normalizer", FaceNormalized.model_validate(about | {"picture": packing.picture(9)}))
    (member,) = manifests.members(packing.store, packing.packed().digest)
    assert member["picture"] == f"{9:064x}"


FOLDERS = {"folders": True}
FOLDERS_ALONE = {"folders": True, "unlabelled": "drop"}


def labelled(store: FolderStore, folder: Path, origins: list[str], labels: dict[str, Any] = FOLDERS) -> PackingRun:
    return PackingRun(store, folder, origins=origins, labels=labels)


def labels_by_entry(store: FolderStore, digest: str) -> dict[str, str]:
    """The class of every member's entry, by the manifest; the file of labels says the same, record by record."""
    members, labels = manifests.members(store, digest), datasets.open_labels(store, digest)
    assert labels is not None
    names = [manifests.classes(store, digest)[column] for column in labels.argmax(1)]
    assert names == [member["label"] for member in members]
    return {member["entry"]: member["label"] for member in members}


def test_labels_are_in_the_order_of_the_records(store: FolderStore, tmp_path: Path) -> None:
    origins = [f"{('wink', 'smile', 'frown')[number % 3]}/{number}.png" for number in range(9)]
    packing = labelled(store, tmp_path, [*origins, "9.png"])
    packing.note(*range(10))
    packed = packing.packed()
    pictures = datasets.open_pictures(store, packed.digest)
    labels = datasets.open_labels(store, packed.digest)
    assert labels is not None
    assert manifests.classes(store, packed.digest) == ("frown", "smile", "wink", "other")
    numbers = pictures[np.arange(10)][:, 0, 0, 0]  # `PackingRun.picture` paints its number
    expected = [(*("wink", "smile", "frown") * 3, "other")[number] for number in numbers]
    assert [manifests.classes(store, packed.digest)[column] for column in labels.argmax(1)] == expected


def test_the_same_classes_give_the_same_digest_in_any_run_and_others_another(
    store: FolderStore, tmp_path: Path
) -> None:
    digests: list[str] = []
    for origins in (["a/1", "b/2"], ["a/x/1", "b/2"], ["b/1", "a/2"]):
        packing = labelled(FolderStore(tmp_path / str(len(digests))), tmp_path, origins)
        packing.note(0, 1)
        packed = packing.packed()
        digests.append(packed.digest)
    without = PackingRun(store, tmp_path)
    without.note(0, 1)
    packed = without.packed()
    assert digests[0] == digests[1]
    assert len({*digests, packed.digest}) == 3
    assert datasets.open_labels(store, packed.digest) is None


def test_tags_without_a_picture_keep_their_column_and_are_told_of(store: FolderStore, tmp_path: Path) -> None:
    labels = {"tags": ["smile", "frown", "wink"], "unlabelled": "drop"}
    found = [["wink", "smile"], ["wink"]]
    packing = PackingRun(store, tmp_path, origins=["posts/1", "posts/2"], tags=found, labels=labels)
    emitted: list[Event] = []
    packing.context = replace(packing.context, emit=emitted.append)
    packing.note(0, 1)
    packed = packing.packed()
    assert labels_by_entry(store, packed.digest) == dict(zip(packing.entries, ("smile", "wink"), strict=True))
    assert manifests.classes(store, packed.digest) == ("smile", "frown", "wink")
    assert emitted == [ClassesWithoutPictures(classes="frown")]


def test_pictures_of_no_class_are_dropped_before_the_rest_is_packed(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1", "2", "b/3", "4"], FOLDERS_ALONE)
    owner = Bookkeeping()
    facts = [fact for number in range(4) for fact in packing.facts(number)]
    *dropped, packed = packing.go_on(owner, [*facts, packing.exhausted])
    assert isinstance(packed, DatasetPacked)
    assert set(labels_by_entry(store, packed.digest)) == {packing.entries[0], packing.entries[2]}
    drops = [message for message in dropped if isinstance(message, ImageDropped)]
    assert [message.entry for message in drops] == [packing.entries[1], packing.entries[3]]
    assert {(message.stage, message.reason) for message in drops} == {("tfrecord-packer", Reason.UNLABELLED)}
    assert packing.pack() == [packed]  # they are dropped once


def test_a_revived_picture_of_no_class_is_dropped_for_good(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1", "2", "b/3"], FOLDERS_ALONE)
    packing.note(0, 2)
    for stage, message in packing.facts(1):
        note(store, stage, message.model_copy(update={"revision": 2}))
    (dropped,) = packing.pack()
    assert isinstance(dropped, ImageDropped)
    assert dropped.revision == 2
    note(store, "tfrecord-packer", dropped)
    assert tally_of(store, packing.run).settlement(packing.entries[1]).reason == Reason.UNLABELLED
    assert isinstance(packing.packed(), DatasetPacked)


def test_a_packer_that_ended_while_it_dropped_pictures_is_taken_up_by_the_next(
    store: FolderStore, tmp_path: Path
) -> None:
    packing = labelled(store, tmp_path, ["a/1", "2", "b/3", "4"], FOLDERS_ALONE)
    packing.note(*range(4))
    due = DatasetDue(run=packing.run, changes=1)
    note(store, "tfrecord-packer", next(iter(TfrecordPacker().process(due, packing.settings, packing.context))))
    (second,) = packing.pack()
    assert isinstance(second, ImageDropped)
    assert second.entry == packing.entries[3]
    note(store, "tfrecord-packer", second)
    assert isinstance(packing.packed(), DatasetPacked)


def test_of_equal_faces_the_one_of_the_best_ranked_class_is_taken(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["1", "b/2", "a/3"])
    packing.note(0, 1)
    same = packing.facts(2)[-1][1].model_copy(update={"picture": packing.picture(0)})
    for stage, message in [*packing.facts(2)[:-1], ("normalizer", same)]:
        note(store, stage, message)
    packed = packing.packed()
    assert labels_by_entry(store, packed.digest) == {packing.entries[1]: "b", packing.entries[2]: "a"}


def test_what_a_copy_s_place_says_counts_where_the_picture_s_own_says_nothing(
    store: FolderStore, tmp_path: Path
) -> None:
    packing = labelled(store, tmp_path, ["1", "a/2", "b/3"])
    packing.note(0, 2)
    copy = {"run": packing.run, "entry": packing.entries[1], "image": image(1), "arrival": 4, "decisions": 1}
    superseded = copy | {"by": image(0), "reason": Reason.NEAR_DUPLICATE}
    note(store, "deduper", ImageSuperseded.model_validate(superseded))
    assert labels_by_entry(store, packing.packed().digest) == {packing.entries[0]: "a", packing.entries[2]: "b"}


def test_a_run_whose_pictures_are_all_of_one_class_cannot_be_packed(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1", "a/2"])
    packing.note(0, 1)
    with pytest.raises(Poison, match="all pictures are of the class a"):
        packing.pack()


def test_without_a_single_face_nothing_is_packed_and_no_class_is_missed(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1"])
    assert packing.pack() == []
