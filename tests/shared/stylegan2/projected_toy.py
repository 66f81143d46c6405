"""The first steps of a projection with a toy network, on whichever back end Keras has.

As a program it writes them to a file: KERAS_BACKEND=jax python -m tests.shared.stylegan2.projected_toy FILE.npz
"""

import sys
from itertools import islice

import keras
import numpy as np

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.projection import Projected, Projector, Settings
from shared.stylegan2.weights import Networks

STEPS = 5


def noisy(networks: Networks) -> Networks:
    """Return networks whose noise has an effect."""
    strength = {name: np.float32(0.3) for name in networks.Gs if name.endswith("noise_strength")}
    return Networks(networks.architecture, networks.G, networks.D, networks.Gs | strength)


def first_steps() -> list[Projected]:
    """Project a picture of noise."""
    toy = Networks.fresh(Architecture(8, fmap_max=8, z_size=6, w_size=5, mapping_layers=2, mapping_fmaps=7), seed=3)
    target = np.random.default_rng(5).integers(0, 256, (8, 8, 3), np.uint8)
    return list(islice(Projector(noisy(toy), Settings(steps=20)).project(target), STEPS))


if __name__ == "__main__":
    assert keras.backend.backend() == "jax"
    steps = first_steps()
    w = {f"w{index}": step.w for index, step in enumerate(steps)}
    distances = {f"distance{index}": np.float32(step.distance) for index, step in enumerate(steps)}
    np.savez(sys.argv[1], **w, **distances)
