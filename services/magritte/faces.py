"""`magritte faces`: what a recipe finds in pictures, and what another finds instead."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import face_comparison, libraries, screen
from services.magritte.atomic_file import replacing
from services.magritte.connection import own_folders
from services.magritte.destination import check_outside
from services.magritte.face_drawing import draw_found
from services.magritte.local_pictures import LocalPicture, local_pictures, spread
from services.magritte.pipeline import checked_settings, danbooru_account, face_finder
from services.magritte.sheet_files import SUFFIX, write_pages, written
from services.magritte.side_by_side import side_by_side
from shared.contract.found_faces import FaceFinder, FoundFaces
from shared.recipe.file import read_recipe
from shared.recipe.own_folders import SHEETS

if TYPE_CHECKING:
    from PIL.Image import Image


app = typer.Typer(help="Try out how faces are found.", no_args_is_help=True)

Seen = FoundFaces | str
"""What was found in a picture, or a sentence that says why nothing could be."""


@app.callback()
def _faces() -> None:
    pass


@app.command()
def preview(
    path: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
    pictures: Annotated[
        list[Path] | None, typer.Argument(metavar="[PICTURE]...", help="Files; default: those of the recipe's folders.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="A PNG file for a sheet, or a folder for a picture each. Default: a sheet in sheets/."
        ),
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Pictures at most, spread evenly over all.")] = 100,
) -> None:
    """Draw what a recipe finds on pictures: faces thick and blue, crops thin, what is too unsure grey and dashed.

    Scores are written beside each box: of animeface a likelihood from 0 to 1, of the cascade a number of windows, of
    libfacedetection a confidence from 0 to 100, of an ONNX model one from 0 to 1. Nothing is fetched and nothing
    becomes part of a run.
    """
    recipe = read_recipe(path, own_folders(), danbooru_account())
    target = out or SHEETS / f"{recipe.name}-faces{SUFFIX}"
    check_outside(recipe, f"of {path}", target, "--out")
    chosen = spread(local_pictures(recipe, pictures or []), most)
    with libraries.of_pictures(), closing(face_finder([recipe])) as finder:
        counts = Counter[str]()
        looked = _looked(finder, screen.track(chosen, "looking for faces"), counts)
        if target.suffix.lower() == SUFFIX:
            where = written(_write_sheet(target, looked, len(chosen)))
        else:
            where = str(_write_each(target, looked))
    others = "".join(f", {count} {reason}" for reason, count in sorted(counts.items()) if reason != _FACES)
    screen.say(f"{len(chosen)} pictures: {counts[_FACES]} faces cut out{others}; {where}")


app.command()(face_comparison.compare)

_FACES = "faces"


def _looked(
    finder: FaceFinder, pictures: Iterable[LocalPicture], counts: Counter[str]
) -> Iterator[tuple[LocalPicture, Seen]]:
    """Yield each picture with what was found, and count the faces that are cut out, and why others are not."""
    for picture, seen in side_by_side(partial(_seen, finder), pictures, checked_settings().threads):
        if isinstance(seen, FoundFaces):
            counts[_FACES] += len(seen.kept)
            dropped = [seen.drop] if seen.drop else [face.drop for face in seen.faces if face.drop]
            counts.update(drop.reason.value for drop in dropped)
        else:
            counts[seen.partition(":")[0]] += 1
            screen.remark(f"{picture.name}: {seen}")
        yield picture, seen


def _seen(finder: FaceFinder, picture: LocalPicture) -> Seen:
    looked = face_comparison.looked_or_sentence(lambda: finder.find(picture.path.read_bytes))
    return looked if isinstance(looked, str) else looked.found[0]


def _write_sheet(target: Path, looked: Iterator[tuple[LocalPicture, Seen]], count: int) -> list[Path]:
    from shared.pictures.contact_sheet import LARGE, Tile, shortened

    def tiles() -> Iterator[Tile]:
        for picture, seen in looked:
            image = _annotated(picture.path, seen, (LARGE.width, LARGE.height))
            yield Tile(image, (shortened(picture.name, 2, LARGE.width), _outcome(seen)))

    return write_pages(target, tiles(), count, LARGE)


def _write_each(folder: Path, looked: Iterator[tuple[LocalPicture, Seen]]) -> Path:
    """Write each picture with its boxes at its own size, but for those that cannot be decoded."""
    from shared.pictures import Compression, encode_png

    for number, (picture, seen) in enumerate(looked, 1):
        image = _annotated(picture.path, seen, seen.size if isinstance(seen, FoundFaces) else (1, 1))
        if isinstance(image, str):
            continue
        content = encode_png(image, compression=Compression.FAST)
        with replacing(folder / f"{number:04d}-{picture.path.stem}{SUFFIX}") as file:
            file.write_bytes(content)
    return folder


def _annotated(path: Path, seen: Seen, size: tuple[int, int]) -> "Image | str":
    from shared.pictures.contact_sheet import reduced

    image = seen if isinstance(seen, str) else reduced(path.read_bytes(), size)
    if isinstance(seen, FoundFaces) and not isinstance(image, str):
        draw_found(image, seen)
    return image


def _outcome(seen: Seen) -> str:
    """Return in a line what becomes of the faces of a picture."""
    if isinstance(seen, str):
        return seen
    if seen.drop:
        return f"{seen.drop.reason}: {seen.drop.detail}"
    sizes = ", ".join(f"{face.crop[2]} x {face.crop[3]}" for face in seen.kept if face.crop)
    others = ", ".join(face.drop.reason.value for face in seen.faces if face.drop)
    return "; ".join(filter(None, (f"crops of {sizes}" if sizes else "", others)))
