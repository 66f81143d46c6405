"""Inference with trained networks: pictures from latents, scores of pictures. Arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from keras import ops

from shared.stylegan2 import discriminator, generator
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.grid import PictureArray
from shared.stylegan2.weights import Array, Weights


@dataclass(frozen=True)
class Truncation:
    """Truncation of w towards its average: `psi` 1 is none, 0 the average; only slots below `cutoff`, None for all."""

    psi: float = 1.0
    cutoff: int | None = None


WHOLE = Truncation()
"""No truncation."""


def latents(seeds: Sequence[int], z_size: int) -> Array:
    """Draw z [N, z_size] of `seeds` as the official `generate-images --seeds` does."""
    drawn = [np.random.RandomState(seed).randn(z_size) for seed in seeds]
    return np.array(drawn, np.float32).reshape(len(seeds), z_size)


class Generator:
    """Draws pictures with fixed weights (usually Gs); without noise of its own a picture has the stored noise maps."""

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        self.architecture = architecture
        self._variables = {name: ops.convert_to_tensor(value) for name, value in weights.items()}
        self._noises = generator.stored_noise(architecture, self._variables)

    def pictures(
        self, z: Array, labels: Array | None = None, truncation: Truncation = WHOLE, minibatch: int = 8
    ) -> Array:
        """Draw pictures [N, R, R, num_channels], about -1 .. 1, `minibatch` at a time.

        From z [N, z_size] and labels [N, label_size]; without labels they are zeros.
        """
        one_hot = _labels(labels, len(z), self.architecture)
        starts = range(0, len(z), minibatch)
        drawn = [self._draw(z[i : i + minibatch], one_hot[i : i + minibatch], truncation, None) for i in starts]
        return np.concatenate(drawn)

    def picture_of_seed(self, seed: int, labels: Array | None = None, truncation: Truncation = WHOLE) -> Array:
        """Draw the picture [1, R, R, num_channels] of the official `generate-images` for `seed`, noise included."""
        random = np.random.RandomState(seed)
        z = random.randn(1, self.architecture.z_size).astype(np.float32)
        noises = [random.randn(*shape).astype(np.float32) for shape in self._noise_shapes()]
        return self._draw(z, _labels(labels, 1, self.architecture), truncation, noises)

    def styles(self, z: Array, labels: Array | None = None, truncation: Truncation = WHOLE) -> Array:
        """Map z [N, z_size] and labels [N, label_size] to w [N, num_ws, w_size], truncated."""
        w = generator.broadcast(self.architecture, self.w(z, labels))
        w = generator.truncate(w, self._variables["dlatent_avg"], truncation.psi, truncation.cutoff)
        return np.asarray(w)

    def w(self, z: Array, labels: Array | None = None) -> Array:
        """Map z [N, z_size] and labels [N, label_size] to w [N, w_size], neither truncated nor broadcast."""
        one_hot = ops.convert_to_tensor(_labels(labels, len(z), self.architecture))
        return np.asarray(generator.mapping(self.architecture, self._variables, ops.convert_to_tensor(z), one_hot))

    def pictures_of_styles(self, w: Array, noises: Sequence[Array] | None = None) -> Array:
        """Draw pictures [N, R, R, num_channels], about -1 .. 1, all at once: w [N, num_ws, w_size].

        `noises` are maps [N or 1, H, W, 1], one per convolution; by default the stored ones.
        """
        maps = self._noises if noises is None else [ops.convert_to_tensor(noise) for noise in noises]
        return np.asarray(generator.synthesis(self.architecture, self._variables, ops.convert_to_tensor(w), maps))

    def no_noise(self) -> list[Array]:
        """Return noise maps of zeros, with which the network adds no noise."""
        return [np.zeros(shape, np.float32) for shape in self._noise_shapes()]

    def _noise_shapes(self) -> list[tuple[int, int, int, int]]:
        sides = map(self.architecture.noise_side, range(self.architecture.num_noises))
        return [(1, side, side, 1) for side in sides]

    def _draw(self, z: Array, labels: Array, truncation: Truncation, noises: Sequence[Array] | None) -> Array:
        return self.pictures_of_styles(self.styles(z, labels, truncation), noises)


class Discriminator:
    """Scores pictures with fixed weights."""

    def __init__(self, architecture: Architecture, weights: Weights) -> None:
        self._architecture = architecture
        self._variables = {name: ops.convert_to_tensor(value) for name, value in weights.items()}

    def scores(self, pictures: PictureArray, labels: Array | None = None) -> npt.NDArray[np.float32]:
        """Return the logits [N] of uint8 pictures [N, R, R, num_channels], in one batch: each depends on the others."""
        one_hot = ops.convert_to_tensor(_labels(labels, len(pictures), self._architecture))
        reals = discriminator.scaled(pictures)
        return np.asarray(discriminator.scores(self._architecture, self._variables, reals, one_hot))[:, 0]

    def features(self, pictures: PictureArray) -> npt.NDArray[np.float32]:
        """Return the maps [N, 4, 4, maps] of uint8 pictures [N, R, R, num_channels], each picture's on its own."""
        return np.asarray(discriminator.features(self._architecture, self._variables, discriminator.scaled(pictures)))


def _labels(labels: Array | None, count: int, architecture: Architecture) -> Array:
    return np.zeros((count, architecture.label_size), np.float32) if labels is None else labels
