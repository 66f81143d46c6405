"""A training at work: compiled step, weights and pictures, kept warm from leg to leg. Needs TensorFlow."""

from pathlib import Path

from services.trainer import data
from services.trainer.divergence import check_state, check_updates
from services.trainer.grid import layout
from services.trainer.start import hyperparameters
from shared.recipe import Training as Settings
from shared.stylegan2 import network_file
from shared.stylegan2.arrays import Arrays
from shared.stylegan2.grid import Pictures, arrange, to_uint8
from shared.stylegan2.inference import Generator
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.training import Losses, Training
from shared.stylegan2.weights import Networks


class Session:
    """Trains networks on pictures, minibatch by minibatch."""

    def __init__(
        self, networks: Networks, pictures: PictureFile, settings: Settings, jit_compile: bool | None = None
    ) -> None:
        self.pictures = pictures
        self._settings = settings
        self._training = Training(networks, hyperparameters(settings), settings.seed, jit_compile)
        self._steps = 0
        self._skipped_before = 0

    @property
    def images(self) -> int:
        """Pictures shown to D, which is also the position in the sequence of pictures."""
        return round(self._training.kimg * 1000)

    def step(self) -> Losses:
        """Train on the next minibatch."""
        self._steps += 1
        return self._training.step(self._pictures(self.images, self._settings.minibatch))

    def restore(self, state: Arrays) -> None:
        """Go on where `state` was taken."""
        self._training.restore(state)
        self._count_anew()

    def state(self) -> Arrays:
        """All that `restore` needs; raises Poison when training has failed since the state before."""
        state = self._training.state()
        check_state(state)
        check_updates(self._steps, self._training.skipped - self._skipped_before)
        self._count_anew()
        return state

    def save_networks(self, path: Path) -> None:
        """Write the networks as a file to draw with, to score with or to start from."""
        path.write_bytes(network_file.dump(self._training.networks()))

    def fakes(self) -> Pictures:
        """A grid of what Gs draws without truncation, of the same latents in every leg."""
        networks = self._training.networks()
        columns, rows = layout(networks.architecture.resolution)
        z = data.latents(self._settings.seed, columns * rows, networks.architecture.z_size)
        return arrange(to_uint8(Generator(networks.architecture, networks.Gs).pictures(z)), columns)

    def reals(self) -> Pictures:
        """A grid of the first pictures in the order of training."""
        columns, rows = layout(self.pictures.resolution)
        return arrange(self._pictures(0, min(columns * rows, len(self.pictures))), columns)

    def _pictures(self, position: int, count: int) -> Pictures:
        return self.pictures[data.indices(len(self.pictures), self._settings.seed, position, count)]

    def _count_anew(self) -> None:
        self._steps, self._skipped_before = 0, self._training.skipped
