"""The interface of an engine, which holds the state of a training and runs the phases on it."""

import resource
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.trainer.learning.phases import Batch
from shared.stylegan2.weights import Array

Values = dict[str, dict[str, Array]]
"""A state as arrays, all of them float32 but the optimizers' counts."""

Measures = dict[str, float]


class Engine(Protocol):
    """Holds the state of a training on its devices."""

    def run(self, phase: str, seed: tuple[int, int], batch: Batch, ema_beta: float) -> Measures:
        """Run a phase on a minibatch and return its measures, as means over the minibatch."""

    def read(self) -> Values:
        """Return a copy of the state."""

    def value(self, part: str, name: str) -> NDArray[np.generic]:
        """Return a copy of the array `name` in `part` of the state."""

    def write(self, state: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> None:
        """Replace the engine's state by `state`."""

    def memory(self) -> int:
        """Return the most bytes that a device's memory has held; on a CPU, that this process has."""


def memory_of_process() -> int:
    """Return the most bytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
