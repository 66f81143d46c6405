"""What the phases of training find in toy networks, with random numbers that are the same on either back end.

As a program it writes them to a file: KERAS_BACKEND=jax python -m tests.services.trainer.learning.outcomes FILE.npz
"""

import sys
from collections.abc import Sequence

import numpy as np
from keras import ops

from services.trainer.learning.phases import NAMES, Batch, Phases, TrainingState
from shared.recipe.hyperparameters import Augmentation, Hyperparameters
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.backend import ON_JAX, Tensor
from shared.stylegan2.weights import Networks, Weights

SIDE, COUNT, LABELS = 8, 4, 3
PLAIN = Hyperparameters(minibatch=COUNT, mirror=True)
AUGMENTED = Hyperparameters(minibatch=COUNT, mirror=True, augmentation=Augmentation.ADA, augment_pipe="bgc")
CASES = {"plain": (0, PLAIN), "labelled, augmented": (LABELS, AUGMENTED)}
"""Name -> how many labels there are, and what is done."""


class Numbers:
    """Random numbers of numpy."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.RandomState(seed)

    def normal(self, shape: Sequence[int]) -> Tensor:
        """N(0, 1)."""
        return ops.convert_to_tensor(self._random.standard_normal(tuple(shape)).astype(np.float32))

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Numbers from 0 to 1, without 1: of 24 bits, as float32 has them."""
        return ops.convert_to_tensor(self._random.randint(0, 2**24, tuple(shape)).astype(np.float32) / 2**24)


def outcomes() -> dict[str, np.ndarray]:
    """`case/phase/kind/name` -> a gradient or a measure, of each case and phase."""
    return {f"{case}/{name}": value for case in CASES for name, value in outcomes_of(*CASES[case]).items()}


def outcomes_of(labels: int, settings: Hyperparameters) -> dict[str, np.ndarray]:
    """`phase/gradients/name` or `phase/measures/name` -> what a phase finds, augmented at p = 0.5."""
    architecture = Architecture(
        SIDE, label_size=labels, fmap_max=8, z_size=6, w_size=5, mapping_layers=2, mapping_fmaps=7
    )
    networks, phases = Networks.fresh(architecture, seed=3), Phases(architecture, settings)
    state = {name: scattered(getattr(networks, name), seed) for seed, name in enumerate(("G", "D"))}
    path_length = {"path_length": {"mean": np.float32(0.3)}}
    random = np.random.RandomState(11)
    reals = random.randint(0, 256, (COUNT, SIDE, SIDE, 3)).astype(np.uint8)
    one_hot = np.eye(labels)[random.randint(0, labels, COUNT)] if labels else np.zeros((COUNT, 0))
    batch = Batch(*map(ops.convert_to_tensor, (reals, one_hot.astype(np.float32), np.float32(0.5))))

    def find(state: TrainingState, batch: Batch) -> dict[str, dict[str, dict[str, Tensor]]]:
        return {
            phase: getattr(phases, phase)(state, Numbers(seed), batch)._asdict() for seed, phase in enumerate(NAMES)
        }

    return {
        f"{phase}/{kind}/{name}": np.array(value)
        for phase, outcome in graph(find)(tensors(state | path_length), batch).items()
        for kind, values in outcome.items()
        for name, value in values.items()
    }


def scattered(weights: Weights, seed: int) -> Weights:
    """The weights with noise on all of them, so that no bias and no strength of noise is 0 as in fresh networks."""
    random = np.random.RandomState(seed)
    return {
        name: value + 0.1 * random.standard_normal(value.shape).astype(np.float32) for name, value in weights.items()
    }


def tensors(state: dict[str, Weights]) -> dict[str, dict[str, Tensor]]:
    """The same as tensors of the back end."""
    return {
        part: {name: ops.convert_to_tensor(value) for name, value in values.items()} for part, values in state.items()
    }


def graph(function):
    """The function as training runs it on this back end: compiled on JAX, as a graph on TensorFlow."""
    if ON_JAX:
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, autograph=False)


if __name__ == "__main__":
    if not ON_JAX:
        sys.exit("KERAS_BACKEND is not jax")
    np.savez(sys.argv[1], **outcomes())
