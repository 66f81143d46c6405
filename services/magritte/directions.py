"""`magritte directions`: the directions of w in which a network's pictures change most."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.atomic_file import replacing
from services.magritte.inspect import AsJson
from services.magritte.networks.chosen import open_network
from services.magritte.networks.files import DrawnFiles
from services.magritte.networks.options import (
    Class,
    FixedNoise,
    Noise,
    Psi,
    Seeds,
    SnapshotNumber,
    What,
    parse_seeds,
    parse_slots,
)
from shared.recipe.own_folders import DRAWN

if TYPE_CHECKING:
    from services.magritte.networks.drawing import Drawing
    from shared.stylegan2.factorisation import Directions
    from shared.stylegan2.grid import PictureArray
    from shared.stylegan2.weights import Array

_FILE = "directions.npz"
_COLUMNS = 7

Layers = Annotated[
    str | None,
    typer.Option(
        "--layers", help="Slots of w, as in `magritte mix`: 0-3 pose and shape, the last ones colours. Default: all."
    ),
]
Count = Annotated[int, typer.Option("--count", min=1, help="Directions, those that change the styles most first.")]
Amount = Annotated[
    float,
    typer.Option(
        "--amount", min=0.0, help="From the middle of a sheet to either side: 1 is as far as w is from its average."
    ),
]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for direction0000.png, ... and its .npz.")]


def directions(
    what: What = "",
    snapshot: SnapshotNumber = None,
    layers: Layers = None,
    count: Count = 8,
    amount: Amount = 1.0,
    seeds: Seeds = "0-3",
    psi: Psi = 0.7,
    label: Class = None,
    noise: Noise = FixedNoise.CONST,
    out: Out = DRAWN / "directions",
    as_json: AsJson = False,
) -> None:
    """Find the directions in which pictures change most, from the weights alone (closed-form factorisation, SeFa).

    A sheet for each direction has a row for each seed: its picture in the middle, and to both sides what it becomes
    along the direction. directions.npz has all vectors [N, w_size], unit
    vectors in the order of their strengths [N], and the slots of w that they are of.
    """
    numbers = parse_seeds(seeds)
    with libraries.of_training():
        from services.magritte.networks.drawing import Drawing
        from shared.stylegan2.factorisation import factorised

        opened = open_network(what, snapshot, out)
        architecture = opened.networks.architecture
        slots = parse_slots(layers or f"0-{architecture.num_ws - 1}", architecture.num_ws, "--layers")
        drawing = Drawing(opened, label, psi, noise)
        found = factorised(architecture, opened.networks.Gs, slots)
        files, length = DrawnFiles(out, opened.name), amount * drawing.reach()
        with replacing(out / _FILE) as path:
            path.write_bytes(found.dump())
        files.add(_FILE)
        strengths = found.strengths[:count].tolist()
        styles = [drawing.styles_of_seed(number) for number in numbers]
        for number in screen.track(range(len(strengths)), "drawing"):
            files.write_png(f"direction{number:04d}.png", _sheet(drawing, found, number, styles, length))
    figures = {"layers": slots, "length": length, "strengths": strengths}
    files.say(f"{len(strengths)} sheets and {_FILE}", as_json, figures)


def _sheet(
    drawing: "Drawing", found: "Directions", number: int, styles: "list[Array]", length: float
) -> "PictureArray":
    """Draw the pictures of each w moved along a direction by up to `length` to either side, a row for each."""
    import numpy as np

    from shared.stylegan2.grid import arrange

    lengths = np.linspace(-length, length, _COLUMNS)
    pictures = [drawing.picture(found.moved(w, number, each)) for w in styles for each in lengths]
    return arrange(np.stack(pictures), _COLUMNS)
