"""The zip file is read here as NVIDIA's training/dataset.py does: all that ends like a picture, sorted by name."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from services.magritte.exports import stylegan3
from shared.store import FolderStore
from tests.services.magritte.packed_pictures import data_pictures, drawn, png

NUMBERS = [5, 3, 9, 1]


def test_pictures_are_stored_byte_for_byte_in_the_order_of_the_records(
    store: FolderStore, run: str, tmp_path: Path
) -> None:
    stylegan3.write(data_pictures(store, run, NUMBERS), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert file.testzip() is None
        assert {entry.compress_type for entry in file.infolist()} == {zipfile.ZIP_STORED}
        names = sorted(name for name in file.namelist() if name.endswith(".png"))
        assert names == [f"00000/img{index:08d}.png" for index in range(4)]
        assert [file.read(name) for name in names] == [png(number) for number in NUMBERS]
        first = np.array(Image.open(io.BytesIO(file.read(names[0]))))
        assert json.loads(file.read("dataset.json")) == {"labels": None}
    assert np.array_equal(first, drawn(5))


def test_classes_are_numbers_by_name_in_the_order_of_the_columns(store: FolderStore, run: str, tmp_path: Path) -> None:
    labels = {5: "smile", 3: "frown", 9: "smile", 1: "frown"}
    stylegan3.write(data_pictures(store, run, NUMBERS, labels), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        found = dict(json.loads(file.read("dataset.json"))["labels"])
        names = sorted(set(file.namelist()) - {"dataset.json"})
    assert [found[name] for name in names] == [1, 0, 1, 0]


def test_the_same_pictures_give_the_same_bytes(store: FolderStore, run: str, tmp_path: Path) -> None:
    pictures = data_pictures(store, run, NUMBERS)
    for name in ("a.zip", "b.zip"):
        stylegan3.write(pictures, tmp_path / name)
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.zip", "b.zip")}
    assert len(digests) == 1
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_thousand_pictures_lie_in_a_folder(store: FolderStore, run: str, tmp_path: Path) -> None:
    (picture,) = data_pictures(store, run, [1])
    placed = [replace(picture, index=index) for index in (999, 1000, 123_456)]
    stylegan3.write(placed, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert file.namelist()[:3] == [
            "00000/img00000999.png",
            "00001/img00001000.png",
            "00123/img00123456.png",
        ]
