"""The packer at work on a store: when it packs, and what it knows."""

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from services.tfrecord_packer.stage import RUNS_AT_HAND, TfrecordPacker
from shared import keys
from shared.fates import Reason
from shared.messages import (
    DatasetPacked,
    FaceDropped,
    FaceNormalized,
    FacesCounted,
    ImageKept,
    Message,
    SourceExhausted,
)
from shared.recipe import Recipe
from shared.runs import open_run
from shared.runtime.records import leave_trail
from shared.stage import Context
from shared.store import FolderStore

IMAGE = "0b" * 32
SIZE = 64


class Packing:
    """A run with some pictures of one face each; `tell` is what the worker and the bus do with a message."""

    def __init__(self, store: FolderStore, folder: Path, pictures: int = 2) -> None:
        recipe = Recipe.model_validate(
            {"name": "anya", "sources": [{"folder": folder}], "normalized": {"size": SIZE}, "training": {"kimg": 0}}
        )
        self.store = store
        self.run = open_run(store, recipe).name
        self.context = Context(recipe=recipe, store=store)
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

    def ask(self, packer: TfrecordPacker, messages: Iterable[Message], session: int = 0) -> list[DatasetPacked]:
        context = replace(self.context, session=session)
        told = [made for message in messages for made in packer.process(message, context)]
        assert all(isinstance(message, DatasetPacked) for message in told)
        return told  # type: ignore[return-value]


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
    packer = TfrecordPacker()
    runs = [Packing(store, tmp_path / str(number)) for number in range(RUNS_AT_HAND + 2)]
    for packing in runs:
        assert packing.ask(packer, [packing.exhausted, *packing.note(0)]) == []
    for packing in runs:
        assert len(packing.ask(packer, packing.note(1))) == 1


def test_a_run_without_a_single_face_has_no_data_set(packing: Packing) -> None:
    dropped = [
        FaceDropped(run=packing.run, entry=entry, face=0, stage="normalizer", reason=Reason.NOT_VERIFIED)
        for entry in packing.entries
    ]
    counted = [FacesCounted(run=packing.run, entry=entry, image=IMAGE, faces=1) for entry in packing.entries]
    assert packing.ask(TfrecordPacker(), [packing.exhausted, *counted, *dropped]) == []
