"""`magritte faces compare`: what one recipe gains, loses and moves of the faces that another finds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from services.magritte import libraries, screen
from services.magritte.connection import found_run, own_folders
from services.magritte.destination import check_destination, check_outside
from services.magritte.face_changes import Changes, compared, totals
from services.magritte.face_drawing import draw_changes
from services.magritte.inspect import AsJson
from services.magritte.local_pictures import local_pictures
from services.magritte.pipeline import checked_settings, danbooru_account, face_finder
from services.magritte.run_items import RunItems
from services.magritte.sheet_files import SUFFIX, Most, png_file, write_pages, written
from services.magritte.side_by_side import side_by_side
from shared.contract import keys
from shared.contract.errors import NotFound, StoreUnavailable, Transient
from shared.contract.found_faces import CutFace, FaceFinder, Looked
from shared.contract.messages import ImageKept
from shared.contract.reasons import Drop, Reason
from shared.ledger.fates import PERSON
from shared.recipe.file import read_recipe
from shared.recipe.own_folders import SHEETS
from shared.recipe.recipe import Recipe
from shared.store.interface import Store

if TYPE_CHECKING:
    from PIL.Image import Image

    from shared.pictures.contact_sheet import Tile


@dataclass(frozen=True)
class Picture:
    """A picture to compare recipes on; `image` is the digest of a run's original."""

    name: str
    read: Callable[[], bytes]
    image: str = ""


@dataclass(frozen=True)
class Changed:
    """A picture of which the recipes cut out other faces, and why either leaves it out as a whole, if one does."""

    picture: Picture
    size: tuple[int, int]
    changes: Changes
    left_out: tuple[Drop | None, Drop | None]


@dataclass
class Comparison:
    """The sum over all pictures. `searched` are those that at least one recipe's detectors had to look at."""

    pictures: int = 0
    searched: int = 0
    unreadable: list[str] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=lambda: totals([]))
    changed: list[Changed] = field(default_factory=list)

    @property
    def faces(self) -> tuple[int, int]:
        """Faces that the first and the second recipe cut out."""
        both = self.totals["moved"] + self.totals["same"]
        return both + self.totals["lost"], both + self.totals["gained"]


def compare(
    first: Annotated[Path, typer.Argument(metavar="RECIPE_A", help="A recipe's YAML file.")],
    second: Annotated[Path, typer.Argument(metavar="RECIPE_B", help="The recipe that it is compared with.")],
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PICTURE]...",
            help="Files, or with --run pictures as `magritte trace` finds them. Default: those of the folders of "
            "RECIPE_A, or all that the run has searched for faces.",
        ),
    ] = None,
    run: Annotated[str, typer.Option("--run", help="Compare on the pictures of a run, by what it has recorded.")] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, callback=png_file, help="The sheet. Default: sheets/A-B-faces.png."),
    ] = None,
    most: Most = 200,
    as_json: AsJson = False,
) -> None:
    """Count which faces RECIPE_B gains, loses and moves against RECIPE_A, and draw them: A orange, B blue.

    Boxes that overlap by 0.3 (intersection over union) are of one face; it has moved if its crop differs. The sheet
    begins with the pictures that change most; what is the same is thin and green. With --run, what is on record is not
    searched again: other thresholds, margins and limits take no detector. What has to be searched is recorded, so that
    a run with that recipe need not do it. Without, each file is searched once if both recipes search alike.
    """
    recipes = [read_recipe(path, own_folders(path), danbooru_account()) for path in (first, second)]
    target = out or SHEETS / f"{first.stem}-{second.stem}-faces{SUFFIX}"
    store, looked_at = _of_run(run, pictures or [], target) if run else (None, _of_files(recipes, pictures, target))
    with libraries.of_pictures(), closing(face_finder(recipes)) as finder:
        found = compare_all(finder, screen.track(looked_at, "comparing"), store, checked_settings().threads)
        found.changed.sort(key=lambda each: (each.changes.rank, each.picture.name))
        files = _write_sheet(target, found.changed[:most]) if found.changed else []
    if as_json:
        screen.say_json(_as_json(found, (first, second), files))
        return
    _show(found, (first, second), recorded=store is not None)
    more = f" of the first {most} of {len(found.changed)}; --most shows more" if len(found.changed) > most else ""
    screen.say(f"{written(files)}{more}" if files else "no picture changes: there is no sheet")


def compare_all(finder: FaceFinder, pictures: Iterable[Picture], store: Store | None, threads: int = 1) -> Comparison:
    """Compare the two recipes of `finder` on pictures, of which as many as there are threads are in memory."""
    found = Comparison()
    for picture, looked in side_by_side(partial(_looked, finder, store), pictures, threads):
        found.pictures += 1
        if isinstance(looked, str):
            found.unreadable.append(f"{picture.name}: {looked}")
            continue
        found.searched += looked.searches > 0
        here, there = looked.found
        changes = compared(here, there)
        found.totals = {name: count + totals([changes])[name] for name, count in found.totals.items()}
        if changes.count:
            found.changed.append(Changed(picture, here.size, changes, (here.drop, there.drop)))
    return found


def _looked(finder: FaceFinder, store: Store | None, picture: Picture) -> Looked | str:
    """Return what the recipes find in a picture, or a sentence that says why nothing can be found."""
    return looked_or_sentence(lambda: finder.find(picture.read, picture.image, store))


def looked_or_sentence(find: Callable[[], Looked | Drop]) -> Looked | str:
    """Return what `find` does; a sentence about a picture that is gone, damaged or too much for a detector."""
    try:
        looked = find()
    except StoreUnavailable:
        raise
    except OSError as error:
        return f"{Reason.UNREADABLE_FILE}: {error.strerror or error}"
    except (NotFound, Transient) as error:
        return str(error)
    return f"{looked.reason}: {looked.detail}" if isinstance(looked, Drop) else looked


def _of_files(recipes: Sequence[Recipe], given: list[str] | None, target: Path) -> list[Picture]:
    for recipe in recipes:
        check_outside(recipe, f"of {recipe.name}", target, "--out")
    found = local_pictures(recipes[0], [Path(each) for each in given or []])
    return [Picture(each.name, each.path.read_bytes) for each in found]


def _of_run(name: str, given: Sequence[str], target: Path) -> tuple[Store, list[Picture]]:
    """Return the store, and the originals of a run that its deduper has kept and no person has left out."""
    store, run = found_run(name)
    check_destination(store, run, target, "--out")
    items = RunItems(store, run, screen.remark)
    kept = {entry: each.image for entry, each in items.judgements().items() if isinstance(each, ImageKept)}
    wanted = {entry for text in given for entry in _meant(items, kept, text)} if given else set(kept)
    names = {each.entry: each.shown for each in items.listed() if each.entry in wanted}
    entries = [entry for entry in wanted if items.settlement(entry).stage != PERSON]
    if not entries:
        raise NotFound(f"run {run} has not searched any picture for faces yet")
    found = (
        Picture(names.get(entry, entry), partial(store.get, keys.original(kept[entry])), kept[entry])
        for entry in entries
    )
    return store, sorted(found, key=lambda picture: (picture.name, picture.image))


def _meant(items: RunItems, kept: dict[str, str], text: str) -> list[str]:
    found = [entry for entry in items.entries_meant(text).best if entry in kept]
    if not found:
        raise NotFound(f"no picture that was searched for faces is meant by {text}: `magritte trace` lists pictures")
    return found


def _write_sheet(target: Path, changed: Sequence[Changed]) -> list[Path]:
    from shared.pictures.contact_sheet import LARGE

    return write_pages(target, _tiles(screen.track(changed, "drawing")), len(changed), LARGE)


def _tiles(changed: Iterable[Changed]) -> Iterator["Tile"]:
    from shared.pictures.contact_sheet import LARGE, Tile, reduced, shortened

    for each in changed:
        image: Image | str = reduced(each.picture.read(), (LARGE.width, LARGE.height))
        if not isinstance(image, str):
            draw_changes(image, each.size, each.changes)
        counts = totals([each.changes])
        change = f"gains {counts['gained']}, loses {counts['lost']}, moves {counts['moved']}"
        reasons = [f"by {recipe}: {drop.reason}" for recipe, drop in zip("AB", each.left_out, strict=True) if drop]
        yield Tile(image, (shortened(each.picture.name, 2, LARGE.width), ", ".join([change, *reasons])))


def _show(found: Comparison, recipes: tuple[Path, Path], *, recorded: bool) -> None:
    table = Table("faces", "", "pictures", box=None, header_style="dim")
    table.columns[0].justify = table.columns[2].justify = "right"
    for recipe, count in zip(recipes, found.faces, strict=True):
        table.add_row(str(count), f"cut out by {recipe}", "")
    for kind in ("gained", "lost", "moved", "same"):
        pictures = sum(bool(getattr(each.changes, kind)) for each in found.changed)
        table.add_row(str(found.totals[kind]), kind, "" if kind == "same" else str(pictures))
    screen.console().print(table)
    searched = f", {found.searched} of them searched anew, the others as recorded" if recorded else ""
    screen.say(f"{found.pictures} pictures{searched}")
    for sentence in found.unreadable:
        screen.remark(sentence)


def _as_json(found: Comparison, recipes: tuple[Path, Path], files: Sequence[Path]) -> dict[str, Any]:
    return {
        "recipes": [str(path) for path in recipes],
        "pictures": found.pictures,
        "searched": found.searched,
        "unreadable": found.unreadable,
        "faces": list(found.faces),
        **found.totals,
        "changes": [_described(each) for each in found.changed],
        "sheets": [str(file) for file in files],
    }


def _described(each: Changed) -> dict[str, Any]:
    return {
        "name": each.picture.name,
        "image": each.picture.image,
        "left_out": [drop and drop.reason.value for drop in each.left_out],
        "gained": [_face(face) for face in each.changes.gained],
        "lost": [_face(face) for face in each.changes.lost],
        "moved": [[_face(face) for face in pair] for pair in each.changes.moved],
    }


def _face(face: CutFace) -> dict[str, Any]:
    turned = {"angle": face.angle} if face.angle else {}
    return {"box": list(face.box), "score": face.score, "crop": list(face.crop or ()), **turned}
