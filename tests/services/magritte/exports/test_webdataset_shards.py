"""Read by `webdataset` itself."""

import json
import tarfile
from pathlib import Path

import pytest

from services.magritte.exports import webdataset_shards
from shared.store import FolderStore
from tests.services.magritte.exports.readers import by_webdataset
from tests.services.magritte.packed_pictures import data_pictures, image_of, png

NUMBERS = [5, 4, 8, 2, 7]


@pytest.mark.slow
def test_webdataset_reads_pictures_and_what_is_known_of_them(store: FolderStore, run: str, tmp_path: Path) -> None:
    pictures = data_pictures(store, run, NUMBERS, {number: "ab"[number % 2] for number in NUMBERS})
    webdataset_shards.write(pictures, tmp_path / "out", "anya", 2)
    shards = sorted((tmp_path / "out").iterdir())
    assert [shard.name for shard in shards] == [f"anya-{number:06d}.tar" for number in range(3)]
    found = by_webdataset(*shards)
    assert [each["__key__"] for each in found] == [picture.name for picture in pictures]
    assert [json.loads(each["json"])["image_digest"] for each in found] == [image_of(number) for number in NUMBERS]
    assert [each["cls"] for each in found] == [str(number % 2) for number in NUMBERS]
    assert [each["png"].encode("latin-1") for each in found] == [png(number) for number in NUMBERS]


def test_the_same_pictures_give_the_same_bytes(store: FolderStore, run: str, tmp_path: Path) -> None:
    pictures = data_pictures(store, run, NUMBERS)
    for name in ("a", "b"):
        webdataset_shards.write(pictures, tmp_path / name, "anya", 1000)
    first, second = (tmp_path / name / "anya-000000.tar" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as file:
        assert {(entry.mtime, entry.uid, entry.uname) for entry in file} == {(0, 0, "")}
