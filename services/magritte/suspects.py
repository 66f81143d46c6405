"""`magritte suspects`: the faces of a run, the most suspicious first, for a person to look through."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from services.magritte import libraries, screen
from services.magritte.atomic_file import replacing
from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from services.magritte.inspect import AsJson, RunName
from services.magritte.pipeline import checked_settings, face_sorter
from services.magritte.run_faces import RunFace, run_faces
from services.magritte.run_items import RunItems
from services.magritte.sheet_files import png_file, write_pages, written
from services.magritte.side_by_side import side_by_side
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.reasons import Drop
from shared.contract.suspicious_faces import FaceSorter, Look, SeenFace, Signal, Sorting
from shared.ledger.verdicts import Verdicts, check_whole
from shared.runs.registry import run_recipe
from shared.store.interface import Store

if TYPE_CHECKING:
    from shared.pictures.contact_sheet import Layout, Tile

_COLUMNS = ("rank", "face", "score", "signal", "mostly", "name", "origin", "image", "picture")


@dataclass(frozen=True)
class Suspect:
    """A face, and its place among all that nobody has decided about; `mostly` is the feature that spoke most."""

    rank: int
    face: RunFace
    score: float
    signal: Signal
    mostly: str
    name: str
    origin: str

    @property
    def row(self) -> dict[str, str | int | float]:
        """The values of `_COLUMNS`."""
        face = self.face
        texts = (self.name, self.origin, face.image, face.picture)
        values = (self.rank, str(face.item), round(self.score, 4), self.signal.value, self.mostly, *texts)
        return dict(zip(_COLUMNS, values, strict=True))


def suspects(
    run: RunName = "",
    worst: Annotated[int, typer.Option("--worst", min=1, help="Faces in the table and on the sheet at most.")] = 40,
    csv_file: Annotated[Path | None, typer.Option("--csv", dir_okay=False, help="A file for all of them.")] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--sheet", dir_okay=False, callback=png_file, help="A contact sheet; pages are FILE-1.png and on."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sort the faces of a run's data set that nobody has decided about, the most suspicious first.

    As soon as a person has dropped faces of eight pictures, and kept those of eight others, a model of this run's faces
    sorts by these verdicts. Until then it is by strangeness: how far each face is from the others in shape, colours,
    sharpness, tones and grain (`mostly` says in which of them most). Neither needs a training. What `magritte verdict
    exclude` has dropped does not count, since that says nothing of how a face looks.
    """
    sorter = face_sorter()
    here, name = found_run(run)
    for path, option in ((csv_file, "--csv"), (sheet, "--sheet")):
        if path is not None:
            check_destination(here, name, path, option)
    items = RunItems(here, name, screen.remark)
    faces = run_faces(items, standing_verdicts(here, name))
    if not any(face.belongs for face in faces):
        raise NotFound(f"run {name}: nothing is in the data set yet")
    readable, looks, unreadable = looked(sorter, here, faces)
    sorting = sorter.sort([seen(face, look) for face, look in zip(readable, looks, strict=True)])
    found = _named(items, readable, sorting)
    files = _write(here, found, found[:worst], csv_file, sheet)
    if as_json:
        screen.say_json(_as_json(name, found[:worst], sorting, unreadable) | {"files": files})
        return
    for item, why in unreadable.items():
        screen.remark(f"left out: {item}: {why}")
    if found:
        _show(found[:worst])
    _conclude(name, found, sorting, files)


def standing_verdicts(here: Store, run: str) -> Verdicts:
    """Read the verdicts about the character of a run; raises `Unreadable` if some are missing."""
    character = run_recipe(here, run).name
    check_whole(here, character)
    verdicts = Verdicts(character)
    verdicts.read(here)
    return verdicts


def looked(
    sorter: FaceSorter, here: Store, faces: Sequence[RunFace]
) -> tuple[list[RunFace], list[Look], dict[str, str]]:
    """Return the faces that can be looked at, their features, and of each other one why it cannot be."""
    readable, looks, unreadable = list[RunFace](), list[Look](), dict[str, str]()
    look, threads = partial(_look, sorter, here), checked_settings().threads
    for face, found in side_by_side(look, screen.track(faces, "looking at faces"), threads):
        if isinstance(found, str):
            unreadable[str(face.item)] = found
        else:
            readable.append(face)
            looks.append(found)
    return readable, looks, unreadable


def _look(sorter: FaceSorter, here: Store, face: RunFace) -> Look | str:
    """Return the features of a face's picture, or a sentence that says why there are none."""
    key = keys.normalized(face.picture)
    try:
        found = sorter.look(here.get(key))
    except NotFound:
        return f"not in the store: {key}"
    return f"{found.reason}: {found.detail}" if isinstance(found, Drop) else found


def seen(face: RunFace, look: Look) -> SeenFace:
    """Return a face as what sorts takes it."""
    return SeenFace(face.image, look, face.belongs, face.dropped)


def _named(items: RunItems, faces: Sequence[RunFace], sorting: Sorting) -> list[Suspect]:
    """Return what was sorted with ranks, and with the names of the pictures that the faces are in."""
    wanted = {faces[each.place].item.entry for each in sorting.suspects}
    names = {each.entry: (each.shown, each.origin) for each in items.listed() if each.entry in wanted}
    found = []
    for rank, each in enumerate(sorting.suspects, 1):
        face = faces[each.place]
        name, origin = names.get(face.item.entry, ("", ""))
        found.append(Suspect(rank, face, each.score, sorting.signal, each.feature, name, origin))
    return found


def _write(
    here: Store, found: Sequence[Suspect], shown: Sequence[Suspect], csv_file: Path | None, sheet: Path | None
) -> list[str]:
    """Write the files that were asked for, and return their names."""
    files = []
    if csv_file is not None:
        with replacing(csv_file) as path:
            path.write_bytes(_table(found))
        files.append(str(csv_file))
    if sheet is not None and shown:
        with libraries.of_pictures():
            from shared.pictures.contact_sheet import Layout

            layout = Layout()
            tiles = _tiles(here, screen.track(shown, "drawing"), layout)
            files.append(written(write_pages(sheet, tiles, len(shown), layout)))
    return files


def _table(found: Sequence[Suspect]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(each.row for each in found)
    return text.getvalue().encode()


def _tiles(here: Store, shown: Iterable[Suspect], layout: "Layout") -> Iterator["Tile"]:
    from shared.pictures.contact_sheet import Tile, reduced, shortened

    for each in shown:
        picture = reduced(here.get(keys.normalized(each.face.picture)), (layout.width, layout.height))
        name = shortened(each.name, 2, layout.width)
        yield Tile(picture, (f"{each.rank}.  {each.score:.2f}  {each.mostly}", str(each.face.item), name))


def _show(shown: Sequence[Suspect]) -> None:
    table = Table("rank", "face", "score", "mostly", "name", box=None, header_style="dim")
    table.columns[1].no_wrap = True
    table.columns[4].overflow = "fold"
    for each in shown:
        table.add_row(str(each.rank), str(each.face.item), f"{each.score:.2f}", each.mostly, each.name)
    screen.console().print(table)


def _as_json(run: str, shown: Sequence[Suspect], sorting: Sorting, unreadable: dict[str, str]) -> dict[str, Any]:
    verdicts = sorting.verdicts
    return {
        "run": run,
        "signal": sorting.signal.value,
        "faces": len(sorting.suspects),
        "dropped": verdicts.dropped,
        "kept": verdicts.kept,
        "missing": dict(zip(("dropped", "kept"), verdicts.missing, strict=True)),
        "auc": verdicts.auc,
        "suspects": [each.row for each in shown],
        "unreadable": unreadable,
    }


def _conclude(run: str, found: Sequence[Suspect], sorting: Sorting, files: Sequence[str]) -> None:
    wrote = f"; {', '.join(files)}" if files else ""
    screen.say(f"{len(found)} faces of run {run} that nobody has decided about, {_sorted_by(sorting)}{wrote}")
    if found:
        worst = " ".join(str(each.face.item) for each in found[:3])
        screen.say(f"go on with: magritte verdict drop {worst} --run {run}   (or keep, for those that belong)")


def _sorted_by(sorting: Sorting) -> str:
    verdicts = sorting.verdicts
    if sorting.signal is Signal.VERDICTS:
        return (
            f"sorted by verdicts about {verdicts.dropped} dropped and {verdicts.kept} kept pictures; "
            f"AUC {verdicts.auc:.2f} on verdicts held back (1 sorts all right, 0.5 is chance)"
        )
    dropped, kept = verdicts.missing
    return (
        f"sorted by strangeness; to sort by verdicts, those about {dropped} more dropped and {kept} more kept pictures "
        "are missing"
    )
