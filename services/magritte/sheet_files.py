"""Files of contact sheets: one PNG, or several pages, of which one is in memory at a time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte.atomic_file import replacing

if TYPE_CHECKING:
    from shared.pictures.contact_sheet import Layout, Tile

SUFFIX = ".png"


def png_file(path: Path | None) -> Path | None:
    """Return the path of an option; refuse one that is not named as a PNG file is."""
    if path is not None and path.suffix.lower() != SUFFIX:
        raise typer.BadParameter(f"{path} is no name of a PNG file, such as sheet.png")
    return path


Most = Annotated[int, typer.Option("--most", min=1, help="Tiles at most.")]


def write_pages(target: Path, tiles: Iterable["Tile"], count: int, layout: "Layout") -> list[Path]:
    """Write `count` tiles to the target, or, where these are more than a page takes, to target-1.png and so on.

    Returns the files in order. Each appears whole or not at all.
    """
    from shared.pictures import encode_png
    from shared.pictures.contact_sheet import draw_page

    pages = -(-count // layout.tiles)
    names = [target] if pages == 1 else [target.with_stem(f"{target.stem}-{page}") for page in range(1, pages + 1)]
    for name, page in zip(names, _pages(tiles, layout.tiles), strict=True):
        content = encode_png(draw_page(page, layout))
        with replacing(name) as path:
            path.write_bytes(content)
    return names


def written(files: Sequence[Path]) -> str:
    """Return a text that names the files of a sheet."""
    return str(files[0]) if len(files) == 1 else f"{files[0]} to {files[-1].name}"


def _pages(tiles: Iterable["Tile"], most: int) -> Iterator[list["Tile"]]:
    left = iter(tiles)
    while page := list(islice(left, most)):
        yield page
