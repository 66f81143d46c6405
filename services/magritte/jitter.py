"""`magritte jitter`: new versions of a picture that has been projected."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.inspect import AsJson
from services.magritte.networks.chosen import OpenedNetwork, open_network
from services.magritte.networks.files import DrawnFiles
from services.magritte.networks.options import Class, FixedNoise, SnapshotNumber, What, one_hot_class
from services.magritte.networks.target import Fit
from services.magritte.project import Fitted, Space, Steps
from services.magritte.run import STOPPED
from shared.contract.errors import NotFound
from shared.recipe.own_folders import DRAWN

if TYPE_CHECKING:
    from services.magritte.networks.drawing import Drawing
    from services.magritte.networks.projecting import Search
    from shared.stylegan2.weights import Array

_COLUMNS, _MOST_IN_GRID = 4, 64
_PROJECTED = ".npz"

Source = Annotated[
    str,
    typer.Argument(
        metavar="PICTURE",
        help="A projected.npz of `magritte project` (of a snapshot of the same sizes), or what that takes: a picture's "
        "file, or a face of the run's data set. A picture is projected first.",
    ),
]
Count = Annotated[int, typer.Option("--count", min=1, max=10_000, help="Versions to draw.")]
Amount = Annotated[
    float,
    typer.Option("--amount", min=0.0, help="How far versions are from the picture: 1 as much as w varies at all."),
]
InSpace = Annotated[Space, typer.Option("--space", help="Where a picture is projected to: see `magritte project`.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Decides which versions are drawn.")]
Out = Annotated[
    Path, typer.Option("--out", file_okay=False, help="Folder for jitter0000.png, ..., grid.png, and the projection.")
]


def jitter(
    picture: Source,
    what: What = "",
    snapshot: SnapshotNumber = None,
    count: Count = 11,
    amount: Amount = 0.5,
    space: InSpace = Space.W_PLUS,
    steps: Steps = 1000,
    fit: Fitted = Fit.CROP,
    seed: Seed = 0,
    label: Class = None,
    out: Out = DRAWN / "jitter",
    as_json: AsJson = False,
) -> None:
    """Draw new versions of a picture: its w is moved at random along the directions in which w really varies.

    grid.png has the picture as the network draws it, and then the versions. The noise stays. At an amount of 0.5
    versions are about a third as far from the picture as random ones are, at 1 more than half as far.
    """
    with libraries.of_training():
        from services.magritte.networks.drawing import Drawing
        from services.magritte.networks.projecting import Search
        from shared.stylegan2.inference import Generator
        from shared.stylegan2.w_space import Variation, sampled_w

        opened = open_network(what, snapshot, out)
        networks, files = opened.networks, DrawnFiles(out, opened.name)
        labels = one_hot_class(label, networks.architecture.label_size)
        w, noises = _found(picture, opened, labels, Search(steps, space.value, fit), files)
        moves = Variation.of(sampled_w(Generator(networks.architecture, networks.Gs), labels)).drawn(count, seed)
        drawing = Drawing(opened, label, 1.0, FixedNoise.CONST)
        _draw(drawing, files, [w, *(w + amount * move for move in moves)], noises)
    files.say(f"{count} versions and grid.png", as_json, {"amount": amount})


def _found(
    picture: str, opened: OpenedNetwork, labels: "Array | None", search: "Search", files: DrawnFiles
) -> "tuple[Array, list[Array] | None]":
    """Return w and the noise maps of a projected picture: those in its file, or those that are found for it."""
    from services.magritte.networks.projecting import FILE, project_picture
    from shared.stylegan2.projection_file import load_projection

    path = Path(picture)
    if path.suffix == _PROJECTED:
        if not path.is_file():
            raise NotFound(f"there is no file {path}: `magritte project` writes it")
        return load_projection(path.read_bytes(), opened.networks.architecture)
    outcome = project_picture(picture, opened, labels, search, files)
    if not outcome.whole:
        screen.remark(f"stopped; {files.folder / FILE} has what was found: `magritte jitter` takes it too")
        raise typer.Exit(STOPPED)
    return outcome.found.w, outcome.found.noises


def _draw(drawing: "Drawing", files: DrawnFiles, styles: "list[Array]", noises: "list[Array] | None") -> None:
    """Draw the picture of the first w, and files of those of the others; put the first pictures on a grid."""
    import numpy as np

    from shared.stylegan2.grid import arrange

    shown = [drawing.picture(styles[0], noises)]
    for number, w in enumerate(screen.track(styles[1:], "drawing")):
        picture = drawing.picture(w, noises)
        files.write_png(f"jitter{number:04d}.png", picture)
        if len(shown) < _MOST_IN_GRID:
            shown.append(picture)
    files.write_png("grid.png", arrange(np.stack(shown), _COLUMNS))
