"""Arguments and options of the commands that draw with a network, and what they mean."""

import re
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shared.stylegan2.weights import Array

MOST = 10_000
"""Numbers in one option at most."""

What = Annotated[str, typer.Argument(metavar="[RUN|NETWORK]", help="A run or a network file; default: the latest run.")]
SnapshotNumber = Annotated[
    int | None, typer.Option("--snapshot", min=1, help="The run's snapshot N; default: the newest.")
]
Seeds = Annotated[str, typer.Option("--seeds", help="Numbers and ranges, such as 0-35,40.")]
Psi = Annotated[float, typer.Option("--psi", min=0.0, help="Truncation: 1 for the whole variety, 0 for the average.")]
Class = Annotated[int | None, typer.Option("--class", min=0, help="The class, of a network that knows some; from 0.")]


class FixedNoise(Enum):
    """Noise that is the same in all pictures: the network's own maps, or no noise."""

    CONST = "const"
    NONE = "none"


Noise = Annotated[
    FixedNoise, typer.Option("--noise", help="const: the noise maps that the network has stored; none: no noise.")
]


def parse_seeds(text: str, option: str = "--seeds") -> list[int]:
    """Parse seeds from a text such as `0-35,40`. Raises BadParameter for anything else."""
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip())
        if not match:
            raise typer.BadParameter(f"{part!r} is neither a number nor a range such as 0-35", param_hint=option)
        first, last = int(match[1]), int(match[2] or match[1])
        found += range(first, min(last, first + MOST) + 1)
    if not found or len(found) > MOST:
        raise typer.BadParameter(f"from 1 to {MOST} seeds are drawn at once", param_hint=option)
    return found


def parse_slots(text: str, count: int, option: str) -> list[int]:
    """Parse slots of w from a text such as `0-6`; raise BadParameter where the network has fewer, `count` in all."""
    slots = sorted(set(parse_seeds(text, option)))
    if slots[-1] >= count:
        raise typer.BadParameter(f"the network has {count} slots of w, from 0 to {count - 1}", param_hint=option)
    return slots


def one_hot_class(label: int | None, classes: int) -> "Array | None":
    """Encode a class as the network takes it, [1, classes]; None for a network without classes.

    Raises BadParameter where it has to be given, or must not be.
    """
    if bool(classes) != (label is not None) or (label or 0) >= max(classes, 1):
        raise typer.BadParameter(
            f"the network knows {classes} classes: from 0 to {classes - 1}" if classes else "the network knows none",
            param_hint="--class",
        )
    from shared.stylegan2.labels_file import one_hot

    return None if label is None else one_hot([label], classes)


def named_as(*suffixes: str) -> Callable[[Path | None], Path | None]:
    """Return a callback of an option that refuses files with other suffixes."""

    def check(path: Path | None) -> Path | None:
        if path is not None and path.suffix.lower() not in suffixes:
            raise typer.BadParameter(f"{path} must be named as one of these is: {_listed(suffixes)}")
        return path

    return check


def _listed(suffixes: Sequence[str]) -> str:
    return ", ".join(f"*{suffix}" for suffix in suffixes)
