"""The folder of an exported review: pictures, a table to edit, a folder for what is dropped, and a record of them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

import typer
from pydantic import BaseModel, ConfigDict

from services.magritte.atomic_file import replacing
from services.magritte.reviews.table import TABLE_NAME, encode_table
from shared.contract.errors import NotFound
from shared.contract.items import Face, parse_item
from shared.contract.messages import Count, Digest
from shared.ledger.records import decoded

TABLE, DROPPED, EXPLANATION, RECORD = TABLE_NAME, "drop", "README.txt", "export.json"

_TEXT = """Review of {run}: {count} faces{order}.

What you do in this folder is read by   magritte review import {folder}

- Delete a picture, or move it into the folder "drop": the face is left out of the data set.
- Crop or turn a picture in any editor and save it (PNG or JPEG): the face is cut out anew by that, from the original
  and at its full size. Colours that were changed are not taken over, and neither is mirroring.
- Or write into {table}, into the column "decision": drop or keep; or box, with left, top, width and height in the
  original's pixels, separated by spaces, in the column "box", and degrees clockwise in "angle".
  "why" is for whoever reads it later. A row that is deleted means nothing.
- Leave {record} as it is: it says which picture is which. Pictures may have other names.

Nothing is done before it has been shown to you. To take something back, undo it here and import once more.
"""


class ExportedFace(BaseModel):
    """A face of an export: its file, and the digests of its original and of its picture, which are the file's bytes.

    `box` (left, top, width, height) and `angle` say where in the original it was cut out, as far as that is known.
    `number` is that by which verdicts know the face.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    face: str
    number: Count
    image: Digest
    picture: Digest
    box: tuple[int, int, int, int] | None = None
    angle: float = 0.0

    @property
    def item(self) -> Face:
        """The entry and the number of the face."""
        item = parse_item(self.face)
        assert isinstance(item, Face)
        return item

    @property
    def subject(self) -> tuple[str, int]:
        """The original and the number of the face, which verdicts are about."""
        return self.image, self.number


class Export(BaseModel):
    """An export of faces of a run: when it was written (UTC), and after which verdict about the character."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    id: str
    run: str
    character: str
    at: datetime
    verdicts: Count
    faces: tuple[ExportedFace, ...]


def check_empty(folder: Path) -> None:
    """Raise BadParameter if there is something in the folder: it would be taken for part of the export."""
    if folder.exists() and (not folder.is_dir() or next(folder.iterdir(), None) is not None):
        raise typer.BadParameter(f"{folder} is not empty: name another folder, or none", param_hint="--out")


def write_rest(folder: Path, export: Export, rows: Iterable[dict[str, object]], order: str) -> None:
    """Write all but the pictures into an export's folder; the record comes last, so that it is there or not."""
    (folder / DROPPED).mkdir(parents=True, exist_ok=True)
    about = {"run": export.run, "count": len(export.faces), "order": order, "folder": folder}
    text = _TEXT.format(**about, table=TABLE, record=RECORD)
    for name, content in (
        (TABLE, encode_table(rows)),
        (EXPLANATION, text.encode("utf-8", "replace")),
        (RECORD, export.model_dump_json(indent=1).encode()),
    ):
        with replacing(folder / name) as path:
            path.write_bytes(content)


def read_export(folder: Path) -> Export:
    """Read the record in an export's folder; raises `NotFound` if there is none, and `Unreadable`."""
    path = folder / RECORD
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{path}: {error.strerror}: give the folder that `magritte review export` has written, to its end"
        ) from error
    return decoded(str(path), content, Export, "Export once more into another folder, and move your changes there")
