"""Measures the quality of a network's pictures against a data set."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shared.stylegan2.errors import Misfit
from shared.stylegan2.grid import PictureArray, to_uint8
from shared.stylegan2.labels_file import LabelArray
from shared.stylegan2.picture_set import PictureSet, Selection
from shared.stylegan2.quality.distances import KernelDistance, frechet_distance, kernel_distance
from shared.stylegan2.quality.inception import Inception
from shared.stylegan2.quality.neighbours import Neighbours, memorised_share, neighbours, thumbnails, unusually_near
from shared.stylegan2.quality.sliced_wasserstein import SlicedWasserstein, sliced_wasserstein
from shared.stylegan2.weights import Networks

_ENOUGH_FOR_FRECHET = 5000  # pictures of each set; of fewer the bias is most of it (Chong and Forsyth 2020)
_SHOWN = 5  # nearest training pictures of a sample
_AT_ONCE = 16  # pictures drawn between two signs of life


@dataclass(frozen=True)
class Measures:
    """Measures of a network's pictures; the Inception distances are None without an Inception network."""

    sliced: SlicedWasserstein
    memorised: float
    nearest: Neighbours
    kernel: KernelDistance | None
    frechet: float | None


class Evaluator:
    """Compares pictures of networks with a data set: with all of it for memorising, with `compared` for the rest."""

    def __init__(self, reals: PictureSet, compared: Selection, inception: Inception | None) -> None:
        """Prepare to compare pictures with `reals`. Raises Misfit unless `compared` has two pictures or more."""
        if len(compared) < 2:
            raise Misfit("a data set of one picture says nothing about quality: at least two are needed")
        self._compared = compared
        self._inception = inception
        self._thumbnails = thumbnails(reals)
        self._unusually_near = unusually_near(self._thumbnails)
        self._features = inception.features(compared) if inception else None

    def measure(self, fakes: PictureArray) -> Measures:
        """Measure the quality of `fakes`, two pictures or more, of the size of the data set's."""
        nearest = neighbours(thumbnails(fakes), self._thumbnails, _SHOWN)
        features = self._inception.features(fakes) if self._inception else None
        both = None if self._features is None or features is None else (self._features, features)
        return Measures(
            sliced=sliced_wasserstein(self._compared, fakes),
            memorised=memorised_share(nearest, self._unusually_near),
            nearest=nearest,
            kernel=kernel_distance(*both) if both else None,
            frechet=frechet_distance(*both) if both else None,
        )


def is_enough_for_frechet(reals: int, fakes: int) -> bool:
    """Return whether FID of `reals` and `fakes` pictures is meaningful: with too few it is mostly bias."""
    return min(reals, fakes) >= _ENOUGH_FOR_FRECHET


def draw_samples(
    networks: Networks, count: int, psi: float, labels: LabelArray | None, advance: Callable[[int], object]
) -> PictureArray:
    """Draw pictures of the official seeds 0, 1, ... by Gs, uint8 [count, R, R, C]; `advance` gets the number drawn.

    `labels` are those of the reals: the fakes have the same, over and over. Needs TensorFlow.
    """
    from shared.stylegan2.inference import Generator, Truncation, latents

    architecture = networks.architecture
    generator = Generator(architecture, networks.Gs)
    drawn = np.empty((count, architecture.resolution, architecture.resolution, architecture.num_channels), np.uint8)
    for start in range(0, count, _AT_ONCE):
        seeds = range(start, min(start + _AT_ONCE, count))
        wanted = None if labels is None else labels[np.array(seeds) % len(labels)]
        z = latents(seeds, architecture.z_size)
        drawn[seeds.start : seeds.stop] = to_uint8(generator.pictures(z, wanted, Truncation(psi)))
        advance(len(seeds))
    return drawn
