"""Exports without a run, for tests of what a folder says."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from services.magritte.reviews.folder import Export, ExportedFace

FILES = [f"{place:04}_{place:020x}.0.png" for place in range(1, 5)]


def content(file: str) -> bytes:
    return f"picture of {file}".encode()


def export(verdicts: int = 0) -> Export:
    """An export of four faces."""
    faces = [
        ExportedFace(
            file=file,
            face=file[5:27],
            number=0,
            image=f"{place:064x}",
            picture=hashlib.sha256(content(file)).hexdigest(),
        )
        for place, file in enumerate(FILES)
    ]
    about = {"id": "e", "run": "anya-001", "character": "anya", "at": datetime.now(UTC), "verdicts": verdicts}
    return Export.model_validate({**about, "faces": faces})


def write(folder: Path) -> Path:
    """The folder with the pictures of that export, which are no pictures."""
    (folder / "drop").mkdir(parents=True)
    for file in FILES:
        (folder / file).write_bytes(content(file))
    return folder
