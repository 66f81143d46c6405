"""Tiny trainings, and how far a network's running average of w is from the mean of w that its mapping network gives."""

import numpy as np

from services.trainer.learning.training import GanTraining
from shared.recipe.hyperparameters import Hyperparameters
from shared.stylegan2 import generator
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Array, Networks, Weights

ARCHITECTURE = Architecture(8, fmap_base=128, fmap_max=8, z_size=16, w_size=16, mapping_fmaps=16, mapping_layers=2)
SETTINGS = Hyperparameters(minibatch=8, ema_kimg=0.1)
STEPS = 300
"""After so many the running average has kept 3 % of the zeros that it begins with."""

MORE_STEPS = 80
"""After so many more it has kept 41 % of what it was."""

_LATENTS = 4000


def opened(networks: Networks | None = None, seed: int = 3, **others: object) -> GanTraining:
    """Return a training of these networks, or of fresh ones; `others` are `GanTraining`'s."""
    return GanTraining(
        networks or Networks.fresh(ARCHITECTURE, 1), **{"hyperparameters": SETTINGS, "seed": seed} | others
    )


def train(training: GanTraining, steps: int = STEPS) -> Networks:
    """Train for so many steps on eight pictures of noise, and return the networks."""
    pictures = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), np.uint8)
    for _ in range(steps):
        training.step(pictures)
    return training.networks()


def mapped(weights: Weights) -> Array:
    """Return the w [4000, 16] of as many z."""
    z = np.random.default_rng(1).standard_normal((_LATENTS, ARCHITECTURE.z_size), np.float32)
    return np.asarray(generator.mapping(ARCHITECTURE, weights, z, np.zeros((_LATENTS, 0), np.float32)))


def farthest(weights: Weights) -> float:
    """Return how far the average of w is from the mean in its worst dimension, in standard deviations of w there."""
    w = mapped(weights)
    return float(np.max(np.abs(weights["dlatent_avg"] - w.mean(axis=0)) / w.std(axis=0)))
