"""Seconds that a review by hand takes: exporting 1,000 faces, editing some of them and importing them.

The faces are drawn, at the size of a data set of 256 px. A tenth of them is deleted, another decided about in the table
and 40 are cropped or turned. `python -m benchmarks.review [FACES]`.
"""

import argparse
import csv
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from PIL import Image
from PIL.Image import Resampling
from typer.testing import CliRunner

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from services.magritte.main import app
from shared.contract import keys
from shared.contract.messages import (
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageFetched,
    ImageKept,
    Message,
    SourceExhausted,
    Stamp,
)
from shared.ledger import journal
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.store import FolderStore

BOX, SIDE, EDITED = (60, 50, 240, 240), 256, 40
DRAWINGS = 25
"""Different drawings; the others have another margin each, so that no two files are equal."""


def made(store: FolderStore, run: str, number: int) -> Iterator[Message]:
    """Put a picture with one face into the store, and yield what is published about it."""
    random = Random(f"review {number % DRAWINGS}")
    whole = Image.open(io.BytesIO(draw(HEROINE, any_pose(random), random, (360, 450)))).convert("RGB")
    whole = whole.crop((0, 0, 360, 450 - number // DRAWINGS))
    left, top, width, height = BOX
    face = whole.resize((SIDE, SIDE), Resampling.LANCZOS, (left, top, left + width, top + height))
    face.putpixel((0, 0), (number % 256, number // 256, 0))
    digests = []
    for image, key in ((whole, keys.original), (face, keys.normalized)):
        file = io.BytesIO()
        image.save(file, "PNG", compress_level=1)
        digests.append(hashlib.sha256(file.getvalue()).hexdigest())
        store.put(key(digests[-1]), file.getvalue())
    about = {"run": run, "entry": f"{number:020x}", "image": digests[0]}
    yield ImageFetched.model_validate(about | {"source": 0, "origin": f"{number}.png"})
    yield ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1})
    yield FaceFound.model_validate(about | {"face": 0, "box": BOX, "side": 240, "crop": digests[1]})
    yield FacesCounted.model_validate(about | {"faces": 1})
    yield FaceNormalized.model_validate(about | {"face": 0, "picture": digests[1]})


def write_run(store: FolderStore, faces: int) -> str:
    """Write a run of faces into the store and return its name."""
    run = open_run(store, Recipe(name="review", sources=(FolderSource(folder=Path("nowhere")),))).name
    messages = [message for number in range(faces) for message in made(store, run, number)]
    messages.append(SourceExhausted(run=run, source=0, count=faces))
    journal.append(store, run, 1, [message.encode(Stamp(stage="bench")) for message in messages])
    return run


def edit(folder: Path) -> None:
    """Change a folder as a person does: delete, crop, turn, write into the table."""
    pictures = sorted(folder.glob("*.png"))
    tenth = len(pictures) // 10
    for number, path in enumerate(pictures[:EDITED]):
        image = Image.open(path).convert("RGB")
        edited = image.rotate(12, Resampling.BICUBIC) if number % 2 else image.crop((30, 40, 230, 240))
        edited.save(path)
    for path in pictures[-tenth:]:
        path.unlink()
    table = folder / "review.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    decided = {path.name for path in pictures[EDITED : EDITED + tenth]}
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | ({"decision": "keep"} if row["file"] in decided else {}) for row in rows)


def timed(*words: str) -> tuple[float, str]:
    """Return the seconds that a command takes, and the last line that it prints."""
    started = time.perf_counter()
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.exception or done.stderr
    return time.perf_counter() - started, done.stdout.splitlines()[-1]


def main() -> None:
    """Print what each step takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", nargs="?", type=int, default=1000)
    wanted = parser.parse_args().faces
    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"MAGRITTE_STORE": f"folder:{place}/data", "MAGRITTE_BUS": "memory:"}
        write_run(FolderStore(Path(place, "data")), wanted)
        folder, total = Path(place, "review"), 0.0
        for name, words in (
            ("export", ("review", "export", "--out", str(folder))),
            ("edit", ()),
            ("import", ("review", "import", str(folder), "--yes")),
            ("import again", ("review", "import", str(folder), "--yes")),
        ):
            started = time.perf_counter()
            said = timed(*words)[1] if words else edit(folder)
            seconds = time.perf_counter() - started
            total += seconds * (name != "import again")
            print(f"{name:>14} {seconds:6.1f} s   {said or ''}")
        print(f"{wanted} faces: {total:.1f} s together")


if __name__ == "__main__":
    main()
