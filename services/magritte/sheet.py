"""`magritte sheet`: the pictures of a run that have a certain fate, to be looked at."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from services.magritte.inspect import RunName
from services.magritte.run_items import RunItems
from services.magritte.settled import Settled, Wanted, find_settled
from services.magritte.sheet_files import Most, png_file, write_pages, written
from shared.contract.errors import NotFound
from shared.recipe.own_folders import SHEETS
from shared.store.interface import Store

if TYPE_CHECKING:
    from PIL.Image import Image

    from shared.pictures.contact_sheet import Layout, Tile

Reason = Annotated[str, typer.Option("--reason", help="Only what was left out for this, as `magritte status` has it.")]
Kept = Annotated[bool, typer.Option("--kept", help="The faces of the data set instead of what was left out.")]
Stage = Annotated[str, typer.Option("--stage", help="Only what this stage left out, or `person`.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", dir_okay=False, callback=png_file, help="Default: sheets/RUN-REASON.png; pages are FILE-1.png and on."
    ),
]


def sheet(
    run: RunName = "",
    reason: Reason = "",
    kept: Kept = False,
    stage: Stage = "",
    out: Out = None,
    most: Most = 1000,
) -> None:
    """Write a contact sheet of what a run has left out, or kept, as PNG: a tile for each picture or face.

    Below each: its entry, its file or post, the reason and the details. Where the faces of a picture were left out one
    by one each has a tile of its own, which shows the crop if it was cut out. What the store no longer has, or nobody
    can decode, is a grey tile. Look up an entry with `magritte trace`, leave it out with `magritte verdict drop`.
    """
    if kept and (reason or stage):
        raise typer.BadParameter("what is kept was left out by no stage and for no reason", param_hint="--kept")
    wanted = Wanted(kept, reason, stage)
    here, name = found_run(run)
    target = out or SHEETS / f"{name}-{wanted.name}.png"
    check_destination(here, name, target, "--out")
    found = _found(here, name, wanted)
    with libraries.of_pictures():
        from shared.pictures.contact_sheet import Layout

        layout, shown = Layout(), found[:most]
        tiles = _tiles(here, screen.track(shown, "drawing"), layout)
        files = write_pages(target, tiles, len(shown), layout)
    more = f" of {len(found)}; --most shows more" if len(found) > most else ""
    screen.say(f"{len(shown)} tiles in {written(files)}{more}")


def _found(here: Store, run: str, wanted: Wanted) -> list[Settled]:
    try:
        return find_settled(RunItems(here, run, screen.remark), wanted)
    except NotFound as error:
        raise NotFound(f"run {run}: {error}") from error


def _tiles(here: Store, found: Iterable[Settled], layout: "Layout") -> Iterator["Tile"]:
    from shared.pictures.contact_sheet import Tile, shortened

    for each in found:
        name = shortened(each.name, 2, layout.width)
        why = ": ".join(filter(None, (each.fate.reason, each.detail)))
        yield Tile(_picture(here, each, layout), tuple(filter(None, (str(each.item), name, why))))


def _picture(here: Store, each: Settled, layout: "Layout") -> "Image | str":
    """Return what shows an item, small; a sentence where the store has nothing of it that can be decoded."""
    from shared.pictures.contact_sheet import reduced

    if not each.key:
        return f"never fetched: {each.fate.reason}"
    try:
        return reduced(here.get(each.key), (layout.width, layout.height))
    except NotFound:
        return f"not in the store: {each.key}"
