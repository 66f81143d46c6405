"""The packer at work on a store: when it packs, and what it knows."""

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.tfrecord_packer.events import ClassesWithoutPictures
from services.tfrecord_packer.stage import TfrecordPacker
from shared.contract import keys
from shared.contract.errors import Poison, Unreadable
from shared.contract.events import Event
from shared.contract.messages import (
    DatasetPacked,
    FaceDropped,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    ItemDied,
    Message,
    SourceExhausted,
)
from shared.contract.reasons import Reason
from shared.contract.stage import Context
from shared.recipe.recipe import Recipe
from shared.runs import datasets
from shared.runs.registry import open_run, tally_of
from shared.runtime.records import leave_trail
from shared.store import FolderStore

IMAGE = "0b" * 32
SIZE = 64


class Packing:
    """A run with some pictures of one face each; `tell` is what the worker and the bus do with a message."""

    def __init__(
        self, store: FolderStore, folder: Path, pictures: int = 2, labels: dict[str, Any] | None = None
    ) -> None:
        asked = {"normalized": {"size": SIZE}, "training": {"kimg": 0}, "labels": labels or {}}
        recipe = Recipe.model_validate({"name": "anya", "sources": [{"folder": folder}], **asked})
        self.store = store
        self.run = open_run(store, recipe).name
        self.settings, self.context = TfrecordPacker().settings(recipe), Context(store)
        self.entries = [f"{number:020x}" for number in range(pictures)]
        body = {"entries": {entry: {} for entry in self.entries}, "count": pictures}
        store.put(keys.listing(self.run, 0), json.dumps(body).encode())
        self.exhausted = SourceExhausted(run=self.run, source=0, count=pictures)

    def facts(self, number: int) -> list[tuple[str, Message]]:
        """All that is said of a picture whose only face is ready."""
        about = {"run": self.run, "entry": self.entries[number], "image": f"{number:x}" + IMAGE[1:]}
        return [
            ("deduper", ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1})),
            ("face-detector", FacesCounted.model_validate(about | {"faces": 1})),
            ("normalizer", FaceNormalized.model_validate(about | {"face": 0, "picture": self.picture(number)})),
        ]

    def picture(self, number: int) -> str:
        digest = f"{number:064x}"
        buffer = io.BytesIO()
        Image.new("RGB", (SIZE, SIZE), (number, 2 * number, 3 * number)).save(buffer, "PNG")
        self.store.put_new(keys.normalized(digest), buffer.getvalue())
        return digest

    def note(self, number: int) -> list[Message]:
        """Leave the trail of a picture, without the packer."""
        for stage, message in self.facts(number):
            leave_trail(self.store, stage, message, {})
        return [message for _, message in self.facts(number)]

    def found_at(self, number: int, origin: str, tags: list[str] | None = None) -> None:
        """Note where a picture was found."""
        record = {"source": "folder", "origin": origin, "tags": tags}
        key = keys.provenance(f"{number:x}" + IMAGE[1:], self.entries[number])
        self.store.put(key, json.dumps(record).encode())

    def ask(self, packer: TfrecordPacker, messages: Iterable[Message], session: int = 0) -> list[DatasetPacked]:
        told = self.told(packer, messages, session)
        assert all(isinstance(message, DatasetPacked) for message in told)
        return told  # type: ignore[return-value]

    def told(self, packer: TfrecordPacker, messages: Iterable[Message], session: int = 0) -> list[Message]:
        """All that the packer has to tell, left in the trail as the worker does."""
        context = replace(self.context, session=session)
        told = []
        for message in messages:
            for made in packer.process(message, self.settings, context):
                leave_trail(self.store, packer.name, made, {})
                told.append(made)
        return told

    def settle(self, *pictures: int) -> list[Message]:
        """What is told when these pictures' faces are ready and nothing else is to come."""
        for number in pictures:
            self.note(number)
        return self.told(TfrecordPacker(), [self.exhausted])


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "data")


@pytest.fixture
def packing(store: FolderStore, tmp_path: Path) -> Packing:
    return Packing(store, tmp_path)


def test_a_run_is_packed_once_when_its_last_picture_is_settled(packing: Packing) -> None:
    packer = TfrecordPacker()
    assert packing.ask(packer, [*packing.note(0), packing.exhausted]) == []
    (packed,) = packing.ask(packer, packing.note(1))
    assert packed.version == 1
    assert packing.ask(packer, packing.note(1) + packing.note(0)) == []
    manifest = json.loads(packing.store.get(keys.dataset(packed.digest, "manifest.json")))
    assert len(manifest["members"]) == 2


def test_a_packer_that_starts_late_knows_what_the_trail_tells(packing: Packing) -> None:
    packing.note(0)
    last = packing.note(1)[-1]
    assert len(packing.ask(TfrecordPacker(), [last])) == 1


def test_what_another_packer_counted_in_between_is_known_in_the_next_session(packing: Packing) -> None:
    first, second = TfrecordPacker(), TfrecordPacker()
    assert packing.ask(first, [packing.exhausted], session=1) == []
    assert packing.ask(second, packing.note(0), session=1) == []
    assert packing.ask(first, packing.note(1)[:1], session=1) == []
    assert len(packing.ask(first, packing.note(1)[:1], session=2)) == 1


def test_what_was_missed_in_the_same_session_is_known_once_the_source_is_told_of_again(packing: Packing) -> None:
    packer = TfrecordPacker()
    assert packing.ask(packer, [packing.exhausted, *packing.note(0)]) == []
    packing.note(1)
    assert len(packing.ask(packer, [packing.exhausted])) == 1


def test_two_packers_at_once_agree_on_the_version(packing: Packing) -> None:
    for number in range(2):
        packing.note(number)
    packed = [packing.ask(TfrecordPacker(), [packing.exhausted])[0] for _ in range(2)]
    assert packed[0] == packed[1]


def test_a_change_after_packing_makes_the_next_version(packing: Packing) -> None:
    packer = TfrecordPacker()
    for number in range(2):
        packing.note(number)
    (first,) = packing.ask(packer, [packing.exhausted])
    about = {"run": packing.run, "entry": packing.entries[0], "image": "0" + IMAGE[1:]}
    another = FaceNormalized.model_validate(about | {"face": 1, "picture": packing.picture(7)})
    leave_trail(packing.store, "normalizer", another, {})
    assert packing.ask(packer, [FacesCounted.model_validate(about | {"faces": 2})]) == []
    (second,) = packing.ask(packer, [another])
    assert (first.version, second.version) == (1, 2)
    assert first.digest != second.digest


def test_the_tally_of_a_run_that_left_memory_is_recalled(store: FolderStore, tmp_path: Path) -> None:
    packer = TfrecordPacker(most_bytes=0)
    runs = [Packing(store, tmp_path / str(number)) for number in range(3)]
    for packing in runs:
        assert packing.ask(packer, [packing.exhausted, *packing.note(0)]) == []
    for packing in runs:
        assert len(packing.ask(packer, packing.note(1))) == 1


def test_ten_runs_in_turn_are_remembered_without_a_look_at_their_trails(store: FolderStore, tmp_path: Path) -> None:
    packer = TfrecordPacker()
    runs = [Packing(store, tmp_path / str(number)) for number in range(10)]
    for packing in runs:
        packing.ask(packer, [packing.exhausted, *packing.note(0)])
        for key in list(store.list(keys.trail(packing.run))):
            if FacesCounted.kind() in key:  # not needed for packing, but to know that the run is complete
                store.delete(key)
    for packing in runs:
        assert len(packing.ask(packer, packing.note(1))) == 1


def test_a_run_without_a_single_face_has_no_data_set(packing: Packing) -> None:
    dropped = [
        FaceDropped(run=packing.run, entry=entry, face=0, stage="normalizer", reason=Reason.NOT_VERIFIED)
        for entry in packing.entries
    ]
    counted = [FacesCounted(run=packing.run, entry=entry, image=IMAGE, faces=1) for entry in packing.entries]
    assert packing.ask(TfrecordPacker(), [packing.exhausted, *counted, *dropped]) == []


FOLDERS = {"folders": True}
FOLDERS_ALONE = {"folders": True, "unlabelled": "drop"}


def labelled(store: FolderStore, folder: Path, origins: list[str], labels: dict[str, Any] = FOLDERS) -> Packing:
    packing = Packing(store, folder, len(origins), labels)
    for number, origin in enumerate(origins):
        packing.found_at(number, origin)
    return packing


def labels_by_entry(store: FolderStore, digest: str) -> dict[str, str]:
    """The class of every member's entry, by the manifest; the file of labels says the same, record by record."""
    members, labels = datasets.members(store, digest), datasets.open_labels(store, digest)
    assert labels is not None
    names = [datasets.classes(store, digest)[column] for column in labels.argmax(1)]
    assert names == [member["label"] for member in members]
    return {member["entry"]: member["label"] for member in members}


def test_labels_are_in_the_order_of_the_records(store: FolderStore, tmp_path: Path) -> None:
    origins = [f"{('wink', 'smile', 'frown')[number % 3]}/{number}.png" for number in range(9)]
    packing = labelled(store, tmp_path, [*origins, "9.png"])
    (packed,) = packing.settle(*range(10))
    assert isinstance(packed, DatasetPacked)
    pictures = datasets.open_pictures(store, packed.digest)
    labels = datasets.open_labels(store, packed.digest)
    assert labels is not None
    assert datasets.classes(store, packed.digest) == ("frown", "smile", "wink", "other")
    numbers = pictures[np.arange(10)][:, 0, 0, 0]  # `Packing.picture` paints its number
    expected = [(*("wink", "smile", "frown") * 3, "other")[number] for number in numbers]
    assert [datasets.classes(store, packed.digest)[column] for column in labels.argmax(1)] == expected


def test_the_same_classes_give_the_same_digest_in_any_run_and_others_another(
    store: FolderStore, tmp_path: Path
) -> None:
    digests: list[str] = []
    for origins in (["a/1", "b/2"], ["a/x/1", "b/2"], ["b/1", "a/2"]):
        packing = labelled(FolderStore(tmp_path / str(len(digests))), tmp_path, origins)
        (packed,) = packing.settle(0, 1)
        assert isinstance(packed, DatasetPacked)
        digests.append(packed.digest)
    without = Packing(store, tmp_path)
    (packed,) = without.settle(0, 1)
    assert isinstance(packed, DatasetPacked)
    assert digests[0] == digests[1]
    assert len({*digests, packed.digest}) == 3
    assert datasets.open_labels(store, packed.digest) is None


def test_tags_without_a_picture_keep_their_column_and_are_told_of(store: FolderStore, tmp_path: Path) -> None:
    packing = Packing(store, tmp_path, 2, {"tags": ["smile", "frown", "wink"], "unlabelled": "drop"})
    emitted: list[Event] = []
    packing.context = replace(packing.context, emit=emitted.append)
    packing.found_at(0, "posts/1", ["wink", "smile"])
    packing.found_at(1, "posts/2", ["wink"])
    (packed,) = packing.settle(0, 1)
    assert isinstance(packed, DatasetPacked)
    assert labels_by_entry(store, packed.digest) == dict(zip(packing.entries, ("smile", "wink"), strict=True))
    assert datasets.classes(store, packed.digest) == ("smile", "frown", "wink")
    assert emitted == [ClassesWithoutPictures(classes="frown")]


def test_pictures_of_no_class_are_dropped_before_the_rest_is_packed(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1", "2", "b/3", "4"], FOLDERS_ALONE)
    packer = TfrecordPacker()
    for number in range(4):
        packing.note(number)
    *dropped, packed = packing.told(packer, [packing.exhausted])
    assert isinstance(packed, DatasetPacked)
    assert set(labels_by_entry(store, packed.digest)) == {packing.entries[0], packing.entries[2]}
    drops = [message for message in dropped if isinstance(message, ImageDropped)]
    assert [message.entry for message in drops] == [packing.entries[1], packing.entries[3]]
    assert {(message.stage, message.reason) for message in drops} == {("tfrecord-packer", Reason.UNLABELLED)}
    assert packing.told(packer, dropped) == []  # as they come back, they are no news
    assert packing.ask(TfrecordPacker(), [packing.exhausted]) == [packed]  # nor to whoever recalls them


def test_a_revived_picture_of_no_class_is_dropped_for_good(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1", "2", "b/3"], FOLDERS_ALONE)
    for number in (0, 2):
        packing.note(number)
    for stage, message in packing.facts(1):
        leave_trail(store, stage, message.model_copy(update={"revision": 2}), {})
    dropped, packed = packing.told(TfrecordPacker(), [packing.exhausted])
    assert isinstance(dropped, ImageDropped)
    assert dropped.revision == 2
    assert tally_of(store, packing.run).settlement(packing.entries[1]).reason == Reason.UNLABELLED
    assert packing.ask(TfrecordPacker(), [packing.exhausted]) == [packed]


def test_a_packer_that_ended_while_it_dropped_pictures_is_taken_up_by_the_next(
    store: FolderStore, tmp_path: Path
) -> None:
    packing = labelled(store, tmp_path, ["a/1", "2", "b/3", "4"], FOLDERS_ALONE)
    for number in range(4):
        packing.note(number)
    first = next(iter(TfrecordPacker().process(packing.exhausted, packing.settings, packing.context)))
    leave_trail(store, TfrecordPacker.declaration.name, first, {})
    second, packed = packing.told(TfrecordPacker(), [first])
    assert isinstance(second, ImageDropped)
    assert second.entry == packing.entries[3]
    assert isinstance(packed, DatasetPacked)


def test_of_equal_faces_the_one_of_the_best_ranked_class_is_taken(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["1", "b/2", "a/3"])
    for number in (0, 1):
        packing.note(number)
    same = packing.facts(2)[-1][1].model_copy(update={"picture": packing.picture(0)})
    for stage, message in [*packing.facts(2)[:-1], ("normalizer", same)]:
        leave_trail(store, stage, message, {})
    (packed,) = packing.told(TfrecordPacker(), [packing.exhausted])
    assert isinstance(packed, DatasetPacked)
    assert labels_by_entry(store, packed.digest) == {packing.entries[1]: "b", packing.entries[2]: "a"}


def test_what_cannot_be_packed_fails_the_run_and_no_picture(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1", "a/2"])
    packer = TfrecordPacker()
    assert packing.told(packer, [packing.exhausted, *packing.note(0)]) == []
    (about_the_run,) = packing.told(packer, packing.note(1))
    assert about_the_run == packing.exhausted
    with pytest.raises(Poison, match="all pictures are of the class a"):
        packing.told(packer, [about_the_run])
    died = ItemDied(run=packing.run, stage=packer.name, error="poison")
    assert packing.told(packer, [died]) == []


def test_the_death_of_a_run_is_no_reason_to_tell_of_it_again(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1", "a/2"])
    for number in range(2):
        packing.note(number)
    died = ItemDied(run=packing.run, stage=TfrecordPacker.declaration.name, error="poison")
    with pytest.raises(Poison):
        packing.told(TfrecordPacker(), [died])


def test_without_a_single_face_there_are_no_classes_to_miss(store: FolderStore, tmp_path: Path) -> None:
    packing = labelled(store, tmp_path, ["a/1"])
    dropped = FaceDropped(
        run=packing.run, entry=packing.entries[0], face=0, stage="normalizer", reason=Reason.NOT_VERIFIED
    )
    counted = FacesCounted(run=packing.run, entry=packing.entries[0], image=IMAGE, faces=1)
    assert packing.told(TfrecordPacker(), [packing.exhausted, counted, dropped]) == []


@pytest.mark.parametrize("content", [b"", b'{"origin": "a.p', b"[" * 100_000])
def test_a_provenance_record_that_cannot_be_read_is_named_with_what_to_do(
    store: FolderStore, tmp_path: Path, content: bytes
) -> None:
    packing = labelled(store, tmp_path, ["red/1.png", "blue/2.png"])
    key = next(store.list("provenance/"))
    store.put(key, content)
    with pytest.raises(Unreadable, match=rf"{key} .*Delete it and run again"):
        packing.ask(TfrecordPacker(), [*packing.note(0), *packing.note(1), packing.exhausted])


def test_a_copy_of_a_provenance_record_that_a_cloud_drive_has_made_is_passed_over(
    store: FolderStore, tmp_path: Path
) -> None:
    packing = labelled(store, tmp_path, ["red/1.png", "blue/2.png"])
    record = store.root / next(store.list("provenance/"))
    record.with_name(f"{record.stem} (conflicted copy).json").write_bytes(record.read_bytes())
    messages = [*packing.note(0), *packing.note(1), packing.exhausted]
    packed = packing.ask(TfrecordPacker(), messages)[-1]
    assert [len(member["origins"]) for member in datasets.members(store, packed.digest)] == [1, 1]
