"""A folder of pictures with `metadata.jsonl`, as Hugging Face `datasets` loads it: load_dataset("imagefolder", …)."""

import json
from collections.abc import Iterable
from pathlib import Path

from services.magritte.exports.pictures import DataPicture


def write(pictures: Iterable[DataPicture], folder: Path) -> None:
    """Write pictures into a new folder, and a line of JSON about each: its `file_name`, where it is from, its tags."""
    folder.mkdir()
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as table:
        for picture in pictures:
            path = folder / picture.file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture.content)
            line = json.dumps({"file_name": picture.file, **picture.about}, ensure_ascii=False)
            table.write(f"{line}\n")
