"""A training in memory: networks, compiled step and pictures, kept from leg to leg. Needs TensorFlow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from services.trainer.dataset import Dataset, Split
from services.trainer.divergence import check_state, check_updates
from services.trainer.events import ThreadsNotKept
from services.trainer.gallery import Gallery
from services.trainer.grid import layout
from services.trainer.hyperparameters import hyperparameters
from services.trainer.learning import device
from services.trainer.learning.training import GanTraining, Losses
from services.trainer.stats import Watched
from shared.contract.events import Event
from shared.recipe.training import ResolvedTraining
from shared.stylegan2 import network_file
from shared.stylegan2.arrays import Arrays
from shared.stylegan2.backend import HAS_ACCELERATOR, threads, use_threads
from shared.stylegan2.grid import PictureArray, arrange
from shared.stylegan2.labels_file import LabelArray
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.weights import Networks


def open_dataset(
    pictures: PictureFile, checksums: list[int], labels: LabelArray | None, settings: ResolvedTraining
) -> Dataset:
    """Open the data set of a training; in a GPU's memory when it fits. `checksums` say which pictures are held out."""
    places = Split.of(checksums, settings.held_out)
    size = len(pictures) * pictures.resolution**2 * pictures.channels
    on_device = HAS_ACCELERATOR and device.fits(size, device.memory_bytes())
    return Dataset(pictures, labels, places, settings.seed, device.DevicePictures(pictures) if on_device else None)


def keep_threads(recorded: int | None, emit: Callable[[Event], None]) -> None:
    """Let TensorFlow compute with the recorded number of intra-op threads, for the bytes that the training had.

    Emits `ThreadsNotKept` where TensorFlow is at work already with another number. Does nothing on a GPU, on JAX, or
    without a record.
    """
    used = use_threads(recorded) if recorded else None
    if recorded and used not in (None, recorded):
        emit(ThreadsNotKept(recorded=recorded, used=used))


class TrainingSession:
    """Trains networks on pictures, minibatch by minibatch."""

    def __init__(
        self, networks: Networks, dataset: Dataset, settings: ResolvedTraining, jit_compile: bool | None = None
    ) -> None:
        self._dataset = dataset
        self._resolution = networks.architecture.resolution
        self._settings = settings
        chosen = hyperparameters(settings, networks.architecture)
        self._training = GanTraining(networks, chosen, settings.seed, jit_compile)
        self._minibatch, self._shown = chosen.minibatch, chosen.minibatch * chosen.d_repeats
        self._steps = 0
        self._skipped_before = 0

    @property
    def images(self) -> int:
        """Return the number of pictures shown to D, which is also the position in the sequence of pictures."""
        return round(self._training.kimg * 1000)

    @property
    def is_cold(self) -> bool:
        """Return whether something is compiled in the next step."""
        return self._training.is_cold

    @property
    def shown(self) -> int:
        """Return the number of pictures that a step shows to D."""
        return self._shown

    @property
    def threads(self) -> int | None:
        """Return the number of intra-op threads that TensorFlow computes with on a CPU; None on a GPU and on JAX."""
        return threads()

    def step(self) -> Losses:
        """Train one step, on the next pictures of the sequence; return its losses."""
        self._steps += 1
        return self._training.step(*self._dataset.minibatch(self.images, self._shown))

    def watched(self) -> Watched:
        """Measure D's score of held-out pictures, how far it overfits, and the most memory that training has taken."""
        minibatches = self._dataset.seen_and_held_out(self._minibatch)
        if minibatches is None:
            return Watched(None, None, self._training.memory)
        seen, held_out = (self._training.evaluate(*minibatch) for minibatch in minibatches)
        apart = seen.pictures - seen.fakes
        overfitting = (seen.pictures - held_out.pictures) / apart if apart else None
        return Watched(held_out.pictures, overfitting, self._training.memory)

    def restore(self, state: Arrays) -> None:
        """Replace networks, optimizers and counters by those in `state`."""
        self._training.restore(state)
        self._count_anew()

    def draw_anew(self) -> None:
        """Draw other random numbers from the next step on, as after a divergence."""
        self._training.reseed()

    def state(self) -> Arrays:
        """Return all that `restore` needs; raise Divergence when training has failed since the state before."""
        state = self._training.state()
        check_state(state)
        check_updates(self._steps, self._training.skipped - self._skipped_before)
        self._count_anew()
        return state

    def save_networks(self, path: Path) -> None:
        """Write the networks as a file to draw with, to score with or to start from."""
        path.write_bytes(network_file.dump(self._training.networks()))

    def gallery(self) -> Gallery:
        """Return a gallery of what Gs draws now."""
        return Gallery(self._training.networks(), self._dataset, self._settings.seed)

    def reals(self) -> PictureArray:
        """Return a grid of the first pictures in the order of training."""
        columns, rows = layout(self._resolution)
        shown = self._dataset.minibatch(0, min(columns * rows, len(self._dataset))).pictures
        return arrange(np.asarray(shown), columns)

    def _count_anew(self) -> None:
        self._steps, self._skipped_before = 0, self._training.skipped
