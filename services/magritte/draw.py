"""`magritte draw`: pictures of a network."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.connection import found_run
from services.magritte.destination import check_destination
from services.magritte.picture_files import write_png
from shared.contract.errors import NotFound
from shared.recipe.own_folders import DRAWN
from shared.runs import trainings
from shared.runs.registry import read_state
from shared.runs.results import results

if TYPE_CHECKING:
    from shared.stylegan2.weights import Array, Networks

_MOST = 10_000
_COLUMNS, _MOST_IN_GRID = 8, 64
_GRID = "grid.png"

What = Annotated[str, typer.Argument(metavar="[RUN|NETWORK]", help="A run or a network file; default: the latest run.")]
Seeds = Annotated[str, typer.Option("--seeds", help="Numbers and ranges, such as 0-35,40.")]
Psi = Annotated[float, typer.Option("--psi", min=0.0, help="Truncation: 1 for the whole variety, 0 for the average.")]
Cutoff = Annotated[
    int | None, typer.Option("--cutoff", min=0, help="Truncate only the first slots of w, the coarse ones.")
]
Class = Annotated[int | None, typer.Option("--class", min=0, help="The class, of a network that knows some; from 0.")]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for seed0000.png, ... and grid.png.")]


def draw(
    what: What = "",
    seeds: Seeds = "0-15",
    psi: Psi = 0.7,
    cutoff: Cutoff = None,
    label: Class = None,
    out: Out = DRAWN,
) -> None:
    """Draw pictures with a network: a seed gives what the official generate-images draws of it."""
    numbers = parse_seeds(seeds)
    with libraries.of_training():
        import numpy as np

        from shared.stylegan2.grid import arrange, to_uint8
        from shared.stylegan2.inference import Generator, Truncation

        networks = _networks(what, out)
        labels = _one_hot(label, networks.architecture.label_size)
        generator = Generator(networks.architecture, networks.Gs)
        pictures = []
        for seed in screen.track(numbers, "drawing"):
            pictures.append(to_uint8(generator.picture_of_seed(seed, labels, Truncation(psi, cutoff))))
            write_png(out / f"seed{seed:04d}.png", pictures[-1][0])
        write_png(out / _GRID, arrange(np.concatenate(pictures[:_MOST_IN_GRID]), _COLUMNS))
    screen.say(f"{len(numbers)} pictures and {_GRID} in {out}")


def parse_seeds(text: str) -> list[int]:
    """Parse seeds from a text such as `0-35,40`. Raises BadParameter for anything else."""
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip())
        if not match:
            raise typer.BadParameter(f"{part!r} is neither a number nor a range such as 0-35", param_hint="--seeds")
        first, last = int(match[1]), int(match[2] or match[1])
        found += range(first, min(last, first + _MOST) + 1)
    if not found or len(found) > _MOST:
        raise typer.BadParameter(f"from 1 to {_MOST} seeds are drawn at once", param_hint="--seeds")
    return found


def _one_hot(label: int | None, classes: int) -> "Array | None":
    """Encode the class as the network takes it. Raises BadParameter where it has to be given, or must not be."""
    if bool(classes) != (label is not None) or (label or 0) >= max(classes, 1):
        raise typer.BadParameter(
            f"the network knows {classes} classes: from 0 to {classes - 1}" if classes else "the network knows none",
            param_hint="--class",
        )
    from shared.stylegan2.labels_file import one_hot

    return None if label is None else one_hot([label], classes)


def _networks(what: str, out: Path) -> "Networks":
    from shared.stylegan2 import network_file

    if Path(what).is_file():
        return network_file.load(Path(what).read_bytes())
    here, run = found_run(what)
    check_destination(here, run, out, "--out")
    snapshot = results(here, run, read_state(here, run)).snapshot
    if snapshot is None:
        raise NotFound(f"run {run} has no network yet")
    return network_file.load(here.get(snapshot.key(trainings.NETWORK)))
