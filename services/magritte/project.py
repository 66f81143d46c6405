"""`magritte project`: finds how a network draws a given picture."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.inspect import AsJson
from services.magritte.networks.chosen import open_network
from services.magritte.networks.files import DrawnFiles
from services.magritte.networks.options import Class, SnapshotNumber, What, one_hot_class
from services.magritte.networks.target import Fit
from services.magritte.run import STOPPED
from services.magritte.walk import FILMS
from shared.recipe.own_folders import DRAWN


class Space(Enum):
    """The space in which the picture is looked for."""

    W = "w"
    W_PLUS = "w+"


Target = Annotated[
    str,
    typer.Argument(
        metavar="PICTURE",
        help="A picture's file, or a face of the run's data set: by the name of its picture, or as entry.face.",
    ),
]
InSpace = Annotated[
    Space,
    typer.Option(
        "--space",
        help="w: one w for the whole picture, which stays within what the network draws; w+: another w for each "
        "layer, much nearer to the picture and further from what the network draws by itself.",
    ),
]
Steps = Annotated[int, typer.Option("--steps", min=1, max=100_000, help="Steps of the search.")]
Every = Annotated[int, typer.Option("--every", min=1, help="Steps between two intermediate pictures.")]
Fitted = Annotated[
    Fit, typer.Option("--fit", help="Of a picture that is not square, crop: its middle; pad: all, between black bars.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Decides all that is random in the search.")]
Way = Annotated[
    Path | None,
    typer.Option("--film", dir_okay=False, callback=FILMS, help="A film of the search: .mp4 or .webp."),
]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for the pictures and projected.npz.")]


def project(
    picture: Target,
    what: What = "",
    snapshot: SnapshotNumber = None,
    space: InSpace = Space.W,
    steps: Steps = 1000,
    every: Every = 100,
    fit: Fitted = Fit.CROP,
    seed: Seed = 0,
    label: Class = None,
    film: Way = None,
    out: Out = DRAWN / "projected",
    as_json: AsJson = False,
) -> None:
    """Find the w and the noise with which a network draws a picture, as the official projector does.

    side-by-side.png has the picture and what was found of it; projected.npz (w and noise) is for `magritte jitter`.
    The distance that is made small compares D's view of the pictures, at all resolutions, and their pixels: the
    official projector's VGG network is not needed. Ctrl-C ends the search early and keeps what has been found.
    """
    with libraries.of_training():
        from services.magritte.networks.projecting import FILE, Search, project_picture

        opened = open_network(what, snapshot, out)
        labels = one_hot_class(label, opened.networks.architecture.label_size)
        files = DrawnFiles(out, opened.name)
        outcome = project_picture(picture, opened, labels, Search(steps, space.value, fit, seed, every, film), files)
    figures = {"steps": outcome.found.step, "distance": outcome.distance, "distance_of_average": outcome.average}
    about = f"distance {outcome.distance:.3f}, that of the average picture {outcome.average:.3f}"
    files.say(f"{outcome.found.step} steps: {about}; side-by-side.png and {FILE}", as_json, figures)
    if not outcome.whole:
        screen.remark(f"stopped after {outcome.found.step} of {steps} steps")
        raise typer.Exit(STOPPED)
