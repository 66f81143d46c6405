"""`magritte review`: looking through a run's faces with no other tools than a folder, an editor and a spreadsheet."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from services.magritte import screen
from services.magritte.atomic_file import replacing
from services.magritte.connection import found_run, has_broker
from services.magritte.decisions import decide, notify, publish, user
from services.magritte.destination import check_destination
from services.magritte.inspect import AsJson, RunName
from services.magritte.reviews.boxes import RunBoxes
from services.magritte.reviews.changes import Change, Read, Understanding, understand
from services.magritte.reviews.edits import find_edits, verdict_maker
from services.magritte.reviews.folder import (
    TABLE,
    Export,
    ExportedFace,
    check_empty,
    read_export,
    write_rest,
)
from services.magritte.reviews.order import EXPLAINED, Placed, Sort, in_order
from services.magritte.reviews.pictures import files_in, look_at_pictures
from services.magritte.reviews.table import Row, decode_table
from services.magritte.run_faces import RunFace, run_faces
from services.magritte.run_items import RunItems
from services.magritte.suspects import standing_verdicts
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.items import Face
from shared.contract.messages import FaceFound, ReviewClosed
from shared.ledger.ledger import Ledger
from shared.ledger.progress import Phase
from shared.ledger.verdicts import check_whole, given
from shared.recipe.own_folders import REVIEWS
from shared.runs.registry import phase_of, read_state, run_recipe
from shared.store.interface import Store

app = typer.Typer(
    help="Look through the faces of a run in a folder: write it, read back what was done there, close the review.",
    no_args_is_help=True,
)

_MOST_LINES = 20
"""Lines of each kind that are shown at most."""


class Only(StrEnum):
    """The faces to choose from."""

    ALL = "all"
    OPEN = "open"
    DROPPED = "dropped"


@app.command()
def export(
    run: RunName = "",
    out: Annotated[Path | None, typer.Option("--out", help="A new folder; default: reviews/RUN.")] = None,
    sort: Annotated[
        Sort, typer.Option("--sort", help="Order of the files; score and rank need a ranking.")
    ] = Sort.SUSPICION,
    only: Annotated[
        Only,
        typer.Option("--only", help="open: about which nobody has decided; dropped: which a person has left out."),
    ] = Only.ALL,
    most: Annotated[int | None, typer.Option("--most", min=1, help="The first of them only.")] = None,
) -> None:
    """Write the faces of a run's data set into a folder, with a table to edit, for a person to look through.

    Delete pictures there or move them into `drop`, crop or turn them in any editor, or write decisions into
    `review.csv`; `magritte review import` reads it back. README.txt in the folder says how.
    """
    here, name = found_run(run)
    folder = out or _free_folder(REVIEWS / name)
    check_destination(here, name, folder, "--out")
    check_empty(folder)
    character = run_recipe(here, name).name
    verdicts = max((number for number, _ in given(here, character)), default=0)
    items = RunItems(here, name, screen.remark)
    names = {listed.entry: (listed.shown, listed.origin) for listed in items.listed()}
    wanted = [face for face in run_faces(items, standing_verdicts(here, name)) if _is_wanted(face, only)]
    if not wanted:
        raise NotFound(f"run {name} has no such faces in its data set ({only})")
    placed = in_order(here, name, wanted, sort, {entry: shown for entry, (shown, _) in names.items()})[:most]
    boxes = RunBoxes(here, character, items)
    faces = _write_pictures(here, folder, _described(items, boxes, placed, run_recipe(here, name).normalized.format))
    about = {"id": uuid4().hex, "run": name, "character": character, "at": datetime.now(UTC), "verdicts": verdicts}
    rows = (_row(face, each, *names.get(face.item.entry, ("", ""))) for face, each in zip(faces, placed, strict=True))
    write_rest(folder, Export.model_validate({**about, "faces": faces}), rows, EXPLAINED[sort])
    screen.say(f"{len(faces)} faces of run {name} in {folder}{EXPLAINED[sort]}")
    screen.say(f"go on with: magritte review import {folder}   (README.txt there says what can be done)")


@app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `magritte review export` has written.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read back a folder that a person has looked through, say what that means, and do it once it is approved.

    It becomes verdicts, as `magritte verdict` gives them, which hold in later runs too; a later one goes before an
    earlier one. What has been done of a folder before is not done twice, and what was undone there is taken back.
    """
    export = read_export(folder)
    here, name = found_run(export.run)
    check_whole(here, export.character)
    understood = _understood(here, folder, export)
    if as_json:
        screen.say_json(_as_json(name, understood))
    else:
        _show(name, understood)
    if dry_run:
        return
    if understood.changes and not (yes or typer.confirm("Do it?", err=True)):
        raise typer.Exit(1)
    _do(here, name, understood, screen.remark if as_json else screen.say)


@app.command()
def close(run: RunName = "") -> None:
    """Say that the pictures of a run have been looked at, so that it packs its data set."""
    here, name = found_run(run)
    phase = phase_of(here, name, read_state(here, name))
    if phase is Phase.FINISHED:
        screen.say(f"{name} is finished: there is no review to close")
        return
    publish(here, name, [ReviewClosed(run=name)])
    if not run_recipe(here, name).review.required:
        screen.say(f"{name} waits for no review: its recipe asks for none (`review: {{required: true}}`)")
    elif phase is Phase.GATHERING:
        screen.say(f"the review of {name} is closed: it packs as soon as all pictures are settled{_go_on()}")
    else:
        screen.say(f"the review of {name} is closed{_go_on()}")


def _free_folder(folder: Path) -> Path:
    """Return the folder, or the first with a number behind its name that is not there yet."""
    number, found = 1, folder
    while found.exists():
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found


def _is_wanted(face: RunFace, only: Only) -> bool:
    if only is Only.DROPPED:
        return not face.belongs
    return face.belongs and (only is Only.ALL or face.dropped is None)


def _described(items: RunItems, boxes: RunBoxes, placed: Sequence[Placed], kind: str) -> list[ExportedFace]:
    """Return the faces as an export names them; `kind` is the format of their pictures."""
    members = items.members()
    found: dict[Face, FaceFound] = {}
    for message in items.messages_of(FaceFound):
        item = Face(message.entry, message.face)
        if message.revision == members.get(item, 0):
            found[item] = message
    digits, suffix = max(4, len(str(len(placed)))), ".jpg" if kind == "jpeg" else ".png"
    described = []
    for place, each in enumerate(placed, 1):
        face, cut = each.face, found.get(each.face.item)
        about: dict[str, Any] = {"face": str(face.item), "image": face.image, "picture": face.picture}
        about["number"] = boxes.number(face.item)
        where = {"box": cut.box, "angle": cut.angle} if cut else {}
        described.append(ExportedFace(file=f"{place:0{digits}}_{face.item}{suffix}", **about, **where))
    return described


def _write_pictures(here: Store, folder: Path, faces: Sequence[ExportedFace]) -> list[ExportedFace]:
    for face in screen.track(faces, "writing faces"):
        with replacing(folder / face.file) as path, here.file(keys.normalized(face.picture)) as picture:
            shutil.copyfile(picture, path)
    return list(faces)


def _row(face: ExportedFace, placed: Placed, name: str, origin: str) -> dict[str, object]:
    about = {"file": face.file, "face": face.face, "name": name, "origin": origin, "mostly": placed.mostly}
    where = {"box": " ".join(map(str, face.box)), "angle": round(face.angle, 2)} if face.box else {}
    return {**about, **where, "score": "" if placed.score is None else round(placed.score, 4)}


def _understood(here: Store, folder: Path, export: Export) -> Understanding:
    """Return what a folder says; raises `NotFound` if it has no picture of the export any more."""
    files = list(files_in(folder))
    pictures = look_at_pictures(folder, export, screen.track(files, "looking at pictures"))
    if not files:
        raise NotFound(f"{folder} has no picture any more: nothing is done, since that hardly means to drop all faces")
    edited = find_edits(here, export, pictures.edited)
    make = verdict_maker(here, export, RunItems(here, export.run, screen.remark), user())
    return understand(Read(export, pictures, _rows(folder)), edited, given(here, export.character), make)


def _rows(folder: Path) -> list[Row]:
    path = folder / TABLE
    return decode_table(path.read_bytes(), str(path)) if path.is_file() else []


def _show(run: str, understood: Understanding) -> None:
    changes = understood.changes
    counts = Counter(str(change.verdict.decision) for change in changes)
    _list(map(_line, changes), len(changes))
    for kind, sentences in (("conflict", understood.conflicts), ("note", understood.remarks)):
        _list((f"{kind}: {sentence}" for sentence in sentences), len(sentences))
    what = ", ".join(f"{decision} {count}" for decision, count in sorted(counts.items())) or "nothing to do"
    before = (
        f"; {len(understood.given_before)} verdicts that came of it before stand" if understood.given_before else ""
    )
    against = f"; {len(understood.conflicts)} against what was decided since" if understood.conflicts else ""
    screen.say(f"faces of run {run}: {what}{against}{before}")


def _line(change: Change) -> str:
    verdict, turned = change.verdict, f" turned by {change.verdict.angle:g}" if change.verdict.angle else ""
    where = f"  {','.join(map(str, verdict.box))}{turned}" if verdict.box else ""
    return f"{verdict.decision}  {change.face.file}  {change.by}{where}  {verdict.why}".rstrip()


def _list(lines: Iterator[str], count: int) -> None:
    for _, line in zip(range(_MOST_LINES), lines, strict=False):
        screen.say(line)
    if count > _MOST_LINES:
        screen.say(f"... and {count - _MOST_LINES} more; --json shows all")


def _as_json(run: str, understood: Understanding) -> dict[str, Any]:
    return {
        "run": run,
        "changes": [
            {"file": each.face.file, "face": each.face.face, "by": each.by, **each.verdict.model_dump(mode="json")}
            for each in understood.changes
        ],
        "conflicts": understood.conflicts,
        "notes": understood.remarks,
        "before": [number for number, _ in understood.given_before],
    }


def _do(here: Store, run: str, understood: Understanding, say: Callable[[str], object]) -> None:
    """Give the verdicts, and tell the run of those that were given before and that it has not heard of."""
    heard = set(Ledger(here, run, screen.remark).book().tally.verdicts()) if understood.given_before else set()
    unheard = [each for each in understood.given_before if each[0] not in heard]
    if unheard:
        notify(here, run, unheard)
    if understood.changes:
        numbers = decide(here, run, [change.verdict for change in understood.changes])
        say(f"verdicts {numbers[0]} to {numbers[-1]} are given{_go_on()}")


def _go_on() -> str:
    return "" if has_broker() else "; `magritte run RECIPE` goes on with it"
