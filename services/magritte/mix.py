"""`magritte mix`: pictures with the coarse styles of one seed and the fine styles of another."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.inspect import AsJson
from services.magritte.networks.chosen import open_network
from services.magritte.networks.files import DrawnFiles
from services.magritte.networks.options import (
    Class,
    FixedNoise,
    Noise,
    Psi,
    SnapshotNumber,
    What,
    parse_seeds,
    parse_slots,
)
from shared.recipe.own_folders import DRAWN

if TYPE_CHECKING:
    from services.magritte.networks.drawing import Drawing
    from shared.stylegan2.grid import PictureArray

Rows = Annotated[str, typer.Option("--rows", help="Seeds of the rows, which give most styles.")]
Columns = Annotated[str, typer.Option("--columns", help="Seeds of the columns, which give the styles in --styles.")]
Styles = Annotated[
    str | None,
    typer.Option(
        "--styles",
        help="Slots of w that come from the columns: 0-3 pose and shape, the last ones colours. Default: 0-6, as "
        "officially, or the first half of a network with fewer than 14.",
    ),
]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for ROW-COLUMN.png, ... and grid.png.")]


def mix(
    what: What = "",
    snapshot: SnapshotNumber = None,
    rows: Rows = "0-4",
    columns: Columns = "5-8",
    styles: Styles = None,
    psi: Psi = 0.7,
    label: Class = None,
    noise: Noise = FixedNoise.CONST,
    out: Out = DRAWN / "mix",
    as_json: AsJson = False,
) -> None:
    """Mix the styles of pictures: a grid in which each row keeps its picture, but for the styles of the column.

    With the same seeds, styles and psi the pictures are those of the official style-mixing-example. Its first row and
    column are the pictures that are mixed; they are in the folder too, as SEED-SEED.png.
    """
    across, down = parse_seeds(columns, "--columns"), parse_seeds(rows, "--rows")
    with libraries.of_training():
        from services.magritte.networks.drawing import Drawing
        from shared.stylegan2.mixing import official_slots

        opened = open_network(what, snapshot, out)
        drawing = Drawing(opened, label, psi, noise)
        count = drawing.architecture.num_ws
        slots = parse_slots(styles or official_slots(count), count, "--styles")
        files, drawn = DrawnFiles(out, opened.name), dict[tuple[int, int], "PictureArray"]()
        for pair, picture in _mixed(drawing, down, across, slots):
            drawn[pair] = picture
            files.write_png("{}-{}.png".format(*pair), picture)
        files.write_png("grid.png", _grid(drawn, down, across))
    files.say(f"{len(drawn)} pictures and grid.png", as_json, {"styles": slots})


def _mixed(
    drawing: "Drawing", rows: list[int], columns: list[int], slots: list[int]
) -> Iterator[tuple[tuple[int, int], "PictureArray"]]:
    """Draw the picture of each seed, and of each row with the styles of each column: row, column, picture."""
    from shared.stylegan2.mixing import mixed

    w = {seed: drawing.styles_of_seed(seed) for seed in [*rows, *columns]}
    pairs = [*((seed, seed) for seed in w), *((row, column) for row in rows for column in columns)]
    for row, column in screen.track(list(dict.fromkeys(pairs)), "mixing"):
        yield (row, column), drawing.picture(mixed(w[row], w[column], slots))


def _grid(drawn: "dict[tuple[int, int], PictureArray]", rows: list[int], columns: list[int]) -> "PictureArray":
    """Arrange the mixed pictures, with those of the columns above and those of the rows to the left of them."""
    import numpy as np

    from shared.stylegan2.grid import arrange

    first = next(iter(drawn.values()))
    lines = [np.zeros_like(first), *(drawn[column, column] for column in columns)]
    for row in rows:
        lines += [drawn[row, row], *(drawn[row, column] for column in columns)]
    return arrange(np.stack(lines), len(columns) + 1)
