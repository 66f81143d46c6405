"""A training at work: compiled step, weights and pictures, kept warm from leg to leg. Needs TensorFlow."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from keras import ops

from services.trainer import data, grid
from services.trainer.divergence import check_state, check_updates
from services.trainer.start import hyperparameters
from shared.recipe import Training as Settings
from shared.stylegan2 import generator, network_file
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.training import Losses, State, Training
from shared.stylegan2.weights import Networks

_DRAWN_AT_ONCE = 8


class Session:
    """Trains networks on pictures, minibatch by minibatch."""

    def __init__(
        self, networks: Networks, pictures: PictureFile, settings: Settings, jit_compile: bool | None = None
    ) -> None:
        self.pictures = pictures
        self._settings = settings
        self._training = Training(networks, hyperparameters(settings), settings.seed, jit_compile)
        self._counts = (0, 0)

    @property
    def images(self) -> int:
        """Pictures shown to D, which is also the position in the sequence of pictures."""
        return round(self._training.kimg * 1000)

    def step(self) -> Losses:
        """Train on the next minibatch."""
        count = self._settings.minibatch
        chosen = data.indices(len(self.pictures), self._settings.seed, self.images, count)
        return self._training.step(self.pictures[chosen])

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Go on where `state` was taken."""
        self._training.restore(state)
        self._counts = _counts(state)

    def state(self) -> State:
        """All that `restore` needs; raises Poison when training has failed since the state before."""
        state = self._training.state()
        check_state(state)
        counts = _counts(state)
        check_updates(*(now - before for now, before in zip(counts, self._counts, strict=True)))
        self._counts = counts
        return state

    def save_networks(self, path: Path) -> None:
        """Write the networks as a file to draw with, to score with or to start from."""
        network_file.save(path, self._training.networks())

    def fakes(self) -> npt.NDArray[np.uint8]:
        """A grid of what Gs draws without truncation, of the same latents in every leg."""
        networks = self._training.networks()
        columns, rows = grid.layout(networks.architecture.resolution)
        z = data.latents(self._settings.seed, columns * rows, networks.architecture.z_size)
        parts = [_drawn(networks, z[n : n + _DRAWN_AT_ONCE]) for n in range(0, len(z), _DRAWN_AT_ONCE)]
        return grid.compose(grid.to_uint8(np.concatenate(parts)), columns)

    def reals(self) -> npt.NDArray[np.uint8]:
        """A grid of the first pictures in the order of training."""
        columns, rows = grid.layout(self.pictures.resolution)
        count = min(columns * rows, len(self.pictures))
        return grid.compose(self.pictures[data.indices(len(self.pictures), self._settings.seed, 0, count)], columns)


def _drawn(networks: Networks, z: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    architecture, Gs = networks.architecture, networks.Gs
    w = generator.mapping(architecture, Gs, z, np.zeros((len(z), architecture.label_size), np.float32))
    noises = generator.stored_noise(architecture, Gs)
    pictures = generator.synthesis(architecture, Gs, generator.broadcast(architecture, w), noises)
    drawn: npt.NDArray[np.float32] = ops.convert_to_numpy(pictures)
    return drawn


def _counts(state: Mapping[str, npt.NDArray[np.generic]]) -> tuple[int, int]:
    """Updates made and updates skipped by both optimizers."""
    made, skipped = (
        sum(int(state[f"{network}_adam/{count}"]) for network in "GD") for count in ("updates", "skipped")
    )
    return made, skipped
