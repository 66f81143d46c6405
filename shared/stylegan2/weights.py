"""Values of a network's variables as arrays, in the official TensorFlow layout. No TensorFlow.

Convolutions are HWIO, dense layers in-by-out, `const` and noise NCHW, the rows of D's `4x4/Dense0` in C, H, W order.
All are raw: the He scale 1/sqrt(fan-in) and the learning-rate multiplier are applied at run time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from shared.stylegan2.architecture import (
    Architecture,
    Shapes,
    discriminator_shapes,
    generator_shapes,
)
from shared.stylegan2.errors import Misfit

Array = npt.NDArray[np.float32]
Weights = dict[str, Array]

_T = TypeVar("_T")

MAPPING_LRMUL = 0.01
"""The mapping network learns a hundred times slower (G_mapping in the official project)."""


class WeightsMismatch(Misfit):
    """Weights are not those of the architecture; the text names every missing, unused and mis-shaped one."""


@dataclass(frozen=True, eq=False)
class Networks:
    """A generator, its discriminator, and the running average of the generator that draws the pictures.

    Raises WeightsMismatch where the weights do not fit the architecture.
    """

    architecture: Architecture
    G: Weights
    D: Weights
    Gs: Weights

    def __post_init__(self) -> None:
        generator = generator_shapes(self.architecture)
        expected = _prefixed({"G": generator, "D": discriminator_shapes(self.architecture), "Gs": generator})
        check_shapes(_prefixed({"G": self.G, "D": self.D, "Gs": self.Gs}), expected)

    @classmethod
    def fresh(cls, architecture: Architecture, seed: int) -> "Networks":
        """Return untrained networks, drawn from `seed`."""
        generator = np.random.default_rng(seed)
        G = initial(generator_shapes(architecture), generator)
        D = initial(discriminator_shapes(architecture), generator, architecture.cmap_lrmul)
        return cls(architecture, G, D, dict(G))


def initial(shapes: Shapes, generator: np.random.Generator, cmap_lrmul: float = 1.0) -> Weights:
    """Draw initial weights: N(0, 1) for weights, noise and const, N(0, 1/lrmul) in mapping networks, 0 for the rest."""
    return {name: _initial(name, shape, generator, cmap_lrmul) for name, shape in shapes.items()}


def _initial(name: str, shape: tuple[int, ...], generator: np.random.Generator, cmap_lrmul: float) -> Array:
    kind = name.rsplit("/", 1)[-1]
    if not kind.startswith(("weight", "mod_weight", "const")) and not (kind.startswith("noise") and shape):
        return np.zeros(shape, np.float32)
    lrmul = MAPPING_LRMUL if name.startswith("G_mapping/Dense") else cmap_lrmul if name.startswith("Mapping") else 1.0
    return (generator.standard_normal(shape, np.float32) * (1 / lrmul)).astype(np.float32)


def check_shapes(weights: Mapping[str, npt.NDArray[np.generic]], shapes: Shapes) -> None:
    """Raise WeightsMismatch unless `weights` has exactly these names and shapes."""
    found = {name: np.shape(value) for name, value in weights.items()}
    wrong = [f"missing {name} {shape}" for name, shape in shapes.items() if name not in found]
    wrong += [f"unused {name} {shape}" for name, shape in found.items() if name not in shapes]
    wrong += [
        f"mis-shaped {name} {found[name]} instead of {shape}"
        for name, shape in shapes.items()
        if found.get(name, shape) != shape
    ]
    if wrong:
        raise WeightsMismatch("weights do not fit the architecture: " + ", ".join(wrong))


def _prefixed(networks: Mapping[str, Mapping[str, _T]]) -> dict[str, _T]:
    return {f"{network}/{name}": value for network, values in networks.items() for name, value in values.items()}
