"""Pictures and figures for people after a leg: what Gs draws, and how it compares with the training pictures."""

from dataclasses import dataclass

import numpy as np

from services.trainer import data
from services.trainer.dataset import Dataset
from services.trainer.grid import layout
from shared.stylegan2.grid import PictureArray, arrange, to_uint8
from shared.stylegan2.inference import WHOLE, Generator, Truncation
from shared.stylegan2.picture_set import spread
from shared.stylegan2.quality.evaluation import Evaluator
from shared.stylegan2.quality.neighbours import neighbour_sheet
from shared.stylegan2.weights import Networks

PSIS = (1.1, 1.0, 0.8, 0.6, 0.3, 0.0)
"""Rows of the truncation grid: from bolder than the network is to its average picture."""

_COMPARED = 5000  # training pictures among which nearest ones are looked for
_ROWS_OF_NEIGHBOURS = 8


@dataclass(frozen=True)
class Figures:
    """Figures of `pictures` pictures that Gs draws. `sliced_wasserstein` is 0 at best; `memorised` is the share of them
    that are unusually near to a training picture, about 0.01 where none are repeated."""

    pictures: int
    sliced_wasserstein: float
    memorised: float


class Gallery:
    """Draws with Gs: the same latents, and the classes in turn, in every leg."""

    def __init__(self, networks: Networks, dataset: Dataset, seed: int) -> None:
        self._architecture = networks.architecture
        self._generator = Generator(networks.architecture, networks.Gs)
        self._dataset = dataset
        self._seed = seed
        self._columns, self._rows = layout(networks.architecture.resolution)

    def fakes(self) -> PictureArray:
        """Draw a grid of pictures without truncation."""
        return arrange(self._drawn(self._columns * self._rows), self._columns)

    def truncation(self) -> PictureArray:
        """Draw a grid whose rows are of one psi each, and whose columns of one latent."""
        rows = [self._drawn(self._columns, Truncation(psi)) for psi in PSIS]
        return arrange(np.concatenate(rows), self._columns)

    @property
    def can_compare(self) -> bool:
        """Return whether there are training pictures to compare with: a single one is no `Evaluator`."""
        return len(self._dataset) > 1

    def compared(self, count: int) -> tuple[PictureArray, Figures]:
        """Draw `count` pictures; return those nearest to training pictures, beside them, and the figures of all."""
        fakes, reals = self._drawn(count), spread(self._dataset.seen, _COMPARED)
        found = Evaluator(reals, spread(reals, max(count, 2)), inception=None).measure(fakes)
        figures = Figures(count, found.sliced.mean, found.memorised)
        return neighbour_sheet(fakes, reals, found.nearest, _ROWS_OF_NEIGHBOURS), figures

    def _drawn(self, count: int, truncation: Truncation = WHOLE) -> PictureArray:
        z = data.fixed_latents(self._seed, count, self._architecture.z_size)
        labels = data.classes_in_turn(self._architecture.label_size, count)
        return to_uint8(self._generator.pictures(z, labels, truncation))
