"""`magritte walk`: a film that goes from picture to picture and comes back to the first."""

from collections.abc import Callable
from enum import Enum
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
    named_as,
    parse_seeds,
)
from services.magritte.run import STOPPED
from shared.recipe.own_folders import DRAWN

if TYPE_CHECKING:
    from services.magritte.networks.drawing import Drawing
    from shared.stylegan2.grid import PictureArray
    from shared.stylegan2.interpolation import Easing

FILMS = named_as(".mp4", ".webp")
_SECONDS_PER_SEED = 2.0


class Space(Enum):
    """The space in which the way is gone."""

    W = "w"
    Z = "z"


class Speed(Enum):
    """The speed between two seeds."""

    SMOOTH = "smooth"
    LINEAR = "linear"


Stations = Annotated[str, typer.Option("--seeds", help="At least two seeds, such as 0-35,40, in order.")]
InSpace = Annotated[
    Space,
    typer.Option("--space", help="w: straight lines between the styles; z: arcs between the latents, more detours."),
]
Eased = Annotated[
    Speed, typer.Option("--easing", help="smooth: slower near each seed's picture; linear: always as fast.")
]
FramesPerSecond = Annotated[int, typer.Option("--fps", min=1, max=120, help="Frames per second.")]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=0.1, max=86400, help="Of the whole film; default: 2 for each seed.")
]
Out = Annotated[
    Path, typer.Option("--out", dir_okay=False, callback=FILMS, help="The film: .mp4 (H.264) or .webp (animated).")
]


def walk(
    what: What = "",
    snapshot: SnapshotNumber = None,
    seeds: Stations = "0-7",
    space: InSpace = Space.W,
    speed: Eased = Speed.SMOOTH,
    fps: FramesPerSecond = 30,
    seconds: Seconds = None,
    psi: Psi = 0.7,
    label: Class = None,
    noise: Noise = FixedNoise.CONST,
    out: Out = DRAWN / "walk.mp4",
    as_json: AsJson = False,
) -> None:
    """Film a walk through the pictures of some seeds and back to the first, so that it can be played in a loop.

    One frame is in memory at a time. Ctrl-C ends the film early, with the frames drawn until then.
    """
    numbers = parse_seeds(seeds)
    if len(numbers) < 2:
        raise typer.BadParameter("a walk leads through at least two seeds", param_hint="--seeds")
    count = max(2, round((seconds or len(numbers) * _SECONDS_PER_SEED) * fps))
    with libraries.of_training():
        from services.magritte.networks.drawing import Drawing
        from services.magritte.networks.film import recording
        from shared.stylegan2.interpolation import Easing

        opened = open_network(what, snapshot, out)
        way = _way(Drawing(opened, label, psi, noise), numbers, space, Easing(speed.value))
        try:
            with recording(out, fps) as film:
                for frame in screen.track(range(count), "drawing"):
                    film.write(way(frame / count))
        except KeyboardInterrupt as stop:
            screen.remark(f"stopped; {out} has the first {film.frames} of {count} frames")
            raise typer.Exit(STOPPED) from stop
    files = DrawnFiles(out.parent, opened.name)
    files.add(out.name)
    files.say(f"{out.name}, {count} frames,", as_json, {"frames": count, "fps": fps, "seconds": count / fps})


def _way(drawing: "Drawing", seeds: list[int], space: Space, easing: "Easing") -> Callable[[float], "PictureArray"]:
    """Return what draws the picture at a position of the loop, from 0 to 1."""
    from shared.stylegan2.inference import latents
    from shared.stylegan2.interpolation import lerp, on_loop, slerp

    z = latents(seeds, drawing.architecture.z_size)
    if space is Space.Z:
        return lambda position: drawing.picture(drawing.styles(on_loop(z, position, slerp, easing)[None])[0])
    w = drawing.styles(z)
    return lambda position: drawing.picture(on_loop(w, position, lerp, easing))
