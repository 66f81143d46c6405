"""Read by Hugging Face `datasets`, which is told not to ask any server."""

import hashlib
import json
from pathlib import Path

import pytest

from services.magritte.exports import imagefolder
from shared.store import FolderStore
from tests.services.magritte.exports.readers import by_datasets
from tests.services.magritte.packed_pictures import data_pictures, drawn, image_of, png

NUMBERS = [5, 4, 8]


@pytest.mark.slow
def test_hugging_face_datasets_loads_pictures_and_what_is_known_of_them(
    store: FolderStore, run: str, tmp_path: Path
) -> None:
    imagefolder.write(data_pictures(store, run, NUMBERS), tmp_path / "out")
    found = {row["image_digest"]: row for row in by_datasets(tmp_path / "out", tmp_path / "cache")}
    pixels = {image_of(number): hashlib.sha256(drawn(number).tobytes()).hexdigest() for number in NUMBERS}
    assert {image: row["image"] for image, row in found.items()} == pixels
    assert found[image_of(4)]["address"] == "https://b.example/posts/7"
    assert found[image_of(4)]["character_tags"] == ["anya_(spy_x_family)"]
    assert found[image_of(4)]["created"].startswith("2026-11-01")
    assert found[image_of(5)]["tags"] == ["smile", "hat"]


def test_the_table_has_a_line_for_each_picture_with_the_same_fields(
    store: FolderStore, run: str, tmp_path: Path
) -> None:
    imagefolder.write(data_pictures(store, run, NUMBERS), tmp_path / "out")
    text = (tmp_path / "out" / "metadata.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(tmp_path / "out" / line["file_name"]).read_bytes() for line in lines] == [png(n) for n in NUMBERS]
    assert len({tuple(line) for line in lines}) == 1
    assert "/home/somebody" not in text
