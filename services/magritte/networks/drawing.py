"""Draws by w, for several commands, with the class, truncation and noise of a call. Needs the libraries of training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.magritte.networks.chosen import OpenedNetwork
from services.magritte.networks.options import FixedNoise, one_hot_class
from shared.stylegan2.grid import PictureArray, to_uint8
from shared.stylegan2.inference import Generator, Truncation, latents
from shared.stylegan2.w_space import deviation, sampled_w

if TYPE_CHECKING:
    from shared.stylegan2.weights import Array


class Drawing:
    """Draws pictures of one class by w, all with the same noise maps.

    Raises BadParameter where the network knows classes and `label` names none of them, or knows none.
    """

    def __init__(self, opened: OpenedNetwork, label: int | None, psi: float, noise: FixedNoise) -> None:
        self.architecture = opened.networks.architecture
        self._labels = one_hot_class(label, self.architecture.label_size)
        self._truncation = Truncation(psi)
        self._generator = Generator(self.architecture, opened.networks.Gs)
        self._noises = self._generator.no_noise() if noise is FixedNoise.NONE else None

    def styles_of_seed(self, seed: int) -> "Array":
        """Return w [num_ws, w_size] of a seed, truncated."""
        w: Array = self.styles(latents([seed], self.architecture.z_size))[0]
        return w

    def styles(self, z: "Array") -> "Array":
        """Return w [N, num_ws, w_size] of z [N, z_size], truncated."""
        labels = None if self._labels is None else self._labels.repeat(len(z), axis=0)
        w: Array = self._generator.styles(z, labels, self._truncation)
        return w

    def reach(self) -> float:
        """Return how far w of the class is from its average where it is not truncated."""
        return deviation(sampled_w(self._generator, self._labels))

    def picture(self, w: "Array", noises: "Sequence[Array] | None" = None) -> PictureArray:
        """Draw a picture [R, R, num_channels] by w [num_ws, w_size]; with `noises` [1, H, W, 1] instead of its own."""
        maps = self._noises if noises is None else noises
        picture: PictureArray = to_uint8(self._generator.pictures_of_styles(w[None], maps))[0]
        return picture
