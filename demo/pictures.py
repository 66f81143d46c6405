"""Draws the demo's folder of pictures: one character in many poses, and what real folders have in them besides."""

import io
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random

from PIL import Image, ImageOps

from demo.character import HEROINE, any_character, any_pose, closely_resembling
from demo.drawing import any_placement, background, draw, figure, render

DRAWINGS = 110
_SIZES = [(720, 900), (640, 640), (900, 720), (600, 800), (800, 1000)]


def draw_folder(folder: Path) -> int:
    """Fill `folder` with the demo's pictures, the same ones every time, and return their number."""
    folder.mkdir(parents=True)
    (folder / "reposts").mkdir()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        drawings = list(pool.map(drawing, range(DRAWINGS), chunksize=8))
    for number, drawn in enumerate(drawings):
        _save(drawn, folder / f"margot-{number:03d}.{'png' if number % 3 == 0 else 'jpg'}")
    for name, data in _planted(drawings, folder):
        (folder / name).write_bytes(data)
    return sum(1 for path in folder.rglob("*") if path.is_file())


def drawing(number: int) -> bytes:
    """Draw picture `number` of the character, as PNG."""
    random = Random(f"margot {number}")
    return draw(HEROINE, any_pose(random), random, random.choice(_SIZES))


def _planted(drawings: list[bytes], folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of files that do not belong into a data set, or need special care."""
    yield "reposts/margot-000-copy.png", (folder / "margot-000.png").read_bytes()
    for number in (4, 7, 10, 13):
        yield f"reposts/margot-{number:03d}-saved-again.jpg", _jpeg(_image(drawings[number]), 55)
    for number in (16, 19, 22):
        yield f"reposts/margot-{number:03d}-half-size.jpg", _jpeg(ImageOps.scale(_image(drawings[number]), 0.5), 90)
    yield "reposts/margot-025-mirrored.jpg", _jpeg(ImageOps.mirror(_image(drawings[25])), 92)
    yield "reposts/margot-028-brighter.jpg", _jpeg(_image(drawings[28]).point(lambda value: min(255, value + 14)), 92)
    for number in (1, 2):
        yield f"variant-{number}.png", _variant(number)
    yield "page.png", _black_and_white_page()
    yield "crowd.png", _crowd()
    for number in range(3):
        yield f"landscape-{number}.png", render(background(Random(f"landscape {number + 4}"), (800, 600)), (800, 600))
    yield "tiny.png", _png(ImageOps.scale(_image(drawings[30]), 0.27))
    yield "cut-off.jpg", _jpeg(_image(drawings[34]), 92)[:9000]
    yield "not-found.jpg", b"<!doctype html><title>404</title><p>The picture is gone.</p>"
    yield "empty.png", b""


def _variant(number: int) -> bytes:
    """Draw picture `number` of the character again with another mouth, as artists post them side by side."""
    random = Random(f"margot {number}")
    pose = closely_resembling(any_pose(random))
    return draw(HEROINE, pose, random, random.choice(_SIZES))


def _black_and_white_page() -> bytes:
    random = Random("page")
    size = (900, 1200)
    panels = [figure(HEROINE, any_pose(random), any_placement(random, (450, 600))) for _ in range(4)]
    corners = [(0, 0), (450, 0), (0, 600), (450, 600)]
    frames = "".join(
        f'<svg x="{x}" y="{y}" width="450" height="600">'
        f'<rect width="450" height="600" fill="#fff" stroke="#000" stroke-width="14"/>{panel}</svg>'
        for (x, y), panel in zip(corners, panels, strict=True)
    )
    return _png(_image(render(frames, size)).convert("L"))


def _crowd() -> bytes:
    """Draw 24 other characters in one picture: more faces than the recipe accepts."""
    random = Random("crowd")
    columns, rows, cell = 6, 4, 220
    strangers = "".join(
        f'<svg x="{column * cell}" y="{row * cell}" width="{cell}" height="{cell}">'
        f"{background(random, (cell, cell))}"
        f"{figure(any_character(random), any_pose(random), any_placement(random, (cell, cell)))}</svg>"
        for row in range(rows)
        for column in range(columns)
    )
    return render(strangers, (columns * cell, rows * cell))


def _image(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def _save(png: bytes, path: Path) -> None:
    path.write_bytes(_png(_image(png)) if path.suffix == ".png" else _jpeg(_image(png), 92))


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
