"""Projects a picture and writes down what comes of it, step by step. Needs the libraries of training."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from services.magritte import screen
from services.magritte.atomic_file import replacing
from services.magritte.networks.chosen import OpenedNetwork
from services.magritte.networks.film import Film, recording
from services.magritte.networks.target import Fit, target_picture
from shared.stylegan2.projection import Projected, Projector, Settings, Space
from shared.stylegan2.projection_file import dump_projection

if TYPE_CHECKING:
    from services.magritte.networks.files import DrawnFiles
    from shared.stylegan2.grid import PictureArray
    from shared.stylegan2.weights import Array

FILE = "projected.npz"
_FRAMES = 300  # of the film, at most


@dataclass(frozen=True)
class Search:
    """Options of a projection: `every` is the number of steps between two pictures, `film` the file of one, if any."""

    steps: int
    space: str
    fit: Fit = Fit.CROP
    seed: int = 0
    every: int = 100
    film: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """The end of a projection: the last step that was taken, its distance, and that of the average picture.

    `whole` is False if it was stopped before the last step that was wanted.
    """

    found: Projected
    distance: float
    average: float
    whole: bool


def project_picture(
    what: str, opened: OpenedNetwork, labels: "Array | None", search: Search, files: "DrawnFiles"
) -> Outcome:
    """Project a file, or a face of the run's data set, and write down what is found."""
    target = target_picture(what, opened, search.fit)
    settings = Settings(steps=search.steps, space=Space(search.space), seed=search.seed)
    return Recorder(files, Projector(opened.networks, settings, labels), search).run(target)


class Recorder:
    """Writes a projection's files: target.png, step0100.png and on, projected.png, side-by-side.png, projected.npz.

    A film shows the target and, beside it, what is found.
    """

    def __init__(self, files: "DrawnFiles", projector: Projector, search: Search) -> None:
        self._files = files
        self._projector = projector
        self._steps = search.steps
        self._every = search.every
        self._film = search.film

    def run(self, target: "PictureArray") -> Outcome:
        """Project a picture [R, R, num_channels]. Ctrl-C ends it early; before the first step it goes on."""
        self._files.write_png("target.png", target)
        found: Projected | None = None
        try:
            with self._recording() as film, screen.bar() as progress:
                task = progress.add_task("projecting", total=self._steps)
                for found in self._projector.project(target):
                    self._note(found, target, film)
                    progress.update(task, advance=1, description=f"projecting, distance {found.distance:.3f}")
        except KeyboardInterrupt:
            if found is None:
                raise
        assert found is not None, "there is at least one step"
        return self._finish(found, target)

    @contextmanager
    def _recording(self) -> Iterator[Film | None]:
        if self._film is None:
            yield None
            return
        with recording(self._film, 30) as film:
            yield film

    def _note(self, found: Projected, target: "PictureArray", film: Film | None) -> None:
        if found.step % self._every == 0 and found.step < self._steps:
            self._files.write_png(f"step{found.step:04d}.png", self._projector.picture(found))
        if film and found.step % max(1, self._steps // _FRAMES) == 0:
            film.write(np.concatenate([target, self._projector.picture(found)], axis=1))

    def _finish(self, found: Projected, target: "PictureArray") -> Outcome:
        picture = self._projector.picture(found)
        self._files.write_png("projected.png", picture)
        self._files.write_png("side-by-side.png", np.concatenate([target, picture], axis=1))
        with replacing(self._files.folder / FILE) as path:
            path.write_bytes(dump_projection(found.w, found.noises))
        self._files.add(FILE)
        distance, average = (
            self._projector.distance(target, each) for each in (picture, self._projector.average_picture())
        )
        return Outcome(found, distance, average, found.step == self._steps)
