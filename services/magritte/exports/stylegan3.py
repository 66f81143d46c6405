"""A zip file as stylegan2-ada-pytorch and stylegan3 read it: pictures that are not compressed again, and their classes.

Names and `dataset.json` are as those of their `dataset_tool.py` (NVlabs/stylegan3, training/dataset.py): a thousand
pictures in a folder, and for each its class as a number, or null for a data set without classes.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from services.magritte.exports.pictures import DataPicture

SUFFIX = ".zip"

_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o644 << 16


def write(pictures: Iterable[DataPicture], target: Path) -> None:
    """Write a zip file; the same pictures give the same bytes. Pictures without a class are of none in all of it."""
    labels: list[tuple[str, int | None]] = []
    with ZipFile(target, "w", ZIP_STORED) as file:
        for picture in pictures:
            name = f"{picture.index // 1000:05d}/img{picture.index:08d}{picture.suffix}"
            file.writestr(_entry(name), picture.content)
            labels.append((name, picture.number))
        classes = labels if labels and all(number is not None for _, number in labels) else None
        file.writestr(_entry("dataset.json"), json.dumps({"labels": classes}))


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _FIRST_MOMENT)
    entry.create_system, entry.external_attr = _UNIX, _MODE
    return entry
