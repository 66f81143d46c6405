"""Tar files as WebDataset reads them one after the other: each picture, and a JSON file of the same name about it."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from services.magritte.exports.pictures import DataPicture


def write(pictures: Iterable[DataPicture], folder: Path, name: str, shard_size: int) -> None:
    """Write tar files of `shard_size` pictures each into a new folder: `name`-000000.tar and so on.

    The same pictures give the same bytes. A picture with a class has its number in a third file, `.cls`.
    """
    folder.mkdir()
    with ExitStack() as stack:
        for number, picture in enumerate(pictures):
            if number % shard_size == 0:
                stack.close()
                path = folder / f"{name}-{number // shard_size:06d}.tar"
                shard = stack.enter_context(tarfile.open(path, "w", format=tarfile.USTAR_FORMAT))
            for suffix, content in _files(picture):
                entry = tarfile.TarInfo(picture.name + suffix)  # of nobody, and of no time
                entry.size = len(content)
                shard.addfile(entry, io.BytesIO(content))


def _files(picture: DataPicture) -> Iterator[tuple[str, bytes]]:
    if picture.number is not None:
        yield ".cls", str(picture.number).encode()
    yield ".json", json.dumps(picture.about, ensure_ascii=False).encode()
    yield picture.suffix, picture.content
