"""`magritte draw`: pictures of a network."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.magritte import libraries, screen
from services.magritte.inspect import AsJson
from services.magritte.networks.chosen import open_network
from services.magritte.networks.files import DrawnFiles
from services.magritte.networks.options import Class, Psi, Seeds, SnapshotNumber, What, one_hot_class, parse_seeds
from shared.recipe.own_folders import DRAWN

if TYPE_CHECKING:
    from shared.stylegan2.inference import Generator, Truncation
    from shared.stylegan2.weights import Array

_COLUMNS, _MOST_IN_GRID = 8, 64


class SeedNoise(Enum):
    """Noise of a picture that is drawn by a seed."""

    SEED = "seed"
    CONST = "const"
    NONE = "none"


Cutoff = Annotated[
    int | None, typer.Option("--cutoff", min=0, help="Truncate only the first slots of w, the coarse ones.")
]
Noise = Annotated[
    SeedNoise,
    typer.Option(
        "--noise",
        help="seed: drawn by the seed too, as officially; const: the maps that the network has stored, the same in all "
        "pictures; none: no noise.",
    ),
]
Out = Annotated[Path, typer.Option("--out", file_okay=False, help="Folder for seed0000.png, ... and grid.png.")]


def draw(
    what: What = "",
    snapshot: SnapshotNumber = None,
    seeds: Seeds = "0-15",
    psi: Psi = 0.7,
    cutoff: Cutoff = None,
    label: Class = None,
    noise: Noise = SeedNoise.SEED,
    out: Out = DRAWN,
    as_json: AsJson = False,
) -> None:
    """Draw pictures with a network: a seed gives what the official generate-images draws of it."""
    numbers = parse_seeds(seeds)
    with libraries.of_training():
        import numpy as np

        from shared.stylegan2.grid import arrange, to_uint8
        from shared.stylegan2.inference import Generator, Truncation

        opened = open_network(what, snapshot, out)
        networks = opened.networks
        labels = one_hot_class(label, networks.architecture.label_size)
        generator = Generator(networks.architecture, networks.Gs)
        files, pictures = DrawnFiles(out, opened.name), []
        for seed in screen.track(numbers, "drawing"):
            pictures.append(to_uint8(_drawn(generator, seed, labels, Truncation(psi, cutoff), noise)))
            files.write_png(f"seed{seed:04d}.png", pictures[-1][0])
        files.write_png("grid.png", arrange(np.concatenate(pictures[:_MOST_IN_GRID]), _COLUMNS))
    files.say(f"{len(numbers)} pictures and grid.png", as_json)


def _drawn(
    generator: "Generator", seed: int, labels: "Array | None", truncation: "Truncation", noise: SeedNoise
) -> "Array":
    if noise is SeedNoise.SEED:
        return generator.picture_of_seed(seed, labels, truncation)
    from shared.stylegan2.inference import latents

    w = generator.styles(latents([seed], generator.architecture.z_size), labels, truncation)
    return generator.pictures_of_styles(w, generator.no_noise() if noise is SeedNoise.NONE else None)
