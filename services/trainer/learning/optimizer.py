"""Adam as StyleGAN2 uses it: beta1 = 0, moments shared by the main and the regularisation steps."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from keras import ops

from shared.stylegan2.backend import Tensor, Variables
from shared.stylegan2.weights import Weights

UPDATES, SKIPPED = "updates", "skipped"
"""Counts among an optimizer's memory: updates made, and those left out because a gradient was not finite."""


class Adam(NamedTuple):
    """Adam (Kingma & Ba 2015) without a first moment, which beta1 = 0 makes equal to the gradient."""

    learning_rate: float
    beta2: float = 0.99
    epsilon: float = 1e-8

    @classmethod
    def lazy(cls, learning_rate: float, interval: int | None) -> "Adam":
        """Return an Adam for a network that is regularised every `interval` steps; None is never.

        That adds an update to `interval` others, so learning rate and beta2 0.99 are corrected by
        c = interval / (interval + 1) (Karras et al. 2020, appendix B).
        """
        correction = interval / (interval + 1) if interval else 1.0
        return cls(learning_rate * correction, 0.99**correction)

    def updated(
        self, variables: Variables, memory: Variables, gradients: Variables
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return variables and memory after one update, of all that have a gradient.

        When a gradient is not finite anywhere, the whole update is left out, and counted.
        """
        finite = _all_finite(gradients.values())
        counts = {UPDATES: memory[UPDATES] + ops.cast(finite, "int32")}
        counts[SKIPPED] = memory[SKIPPED] + ops.cast(ops.logical_not(finite), "int32")
        rate = self.learning_rate * ops.sqrt(1 - ops.power(self.beta2, ops.cast(counts[UPDATES], "float32")))
        moved, squares = {}, {}
        for name, gradient in gradients.items():
            square = memory[name] + (ops.square(gradient) - memory[name]) * (1 - self.beta2)
            step = rate * gradient / (ops.sqrt(square) + self.epsilon)
            squares[name] = ops.where(finite, square, memory[name])
            moved[name] = variables[name] - ops.where(finite, step, 0.0)
        return moved, squares | counts


def fresh_memory(variables: Weights, learning: Iterable[str]) -> Weights:
    """Return Adam's memory before its first update: second moments of the variables that learn, and its counts."""
    squares: Weights = {name: np.zeros_like(variables[name]) for name in learning}
    return squares | {name: np.zeros((), np.int32) for name in (UPDATES, SKIPPED)}


def _all_finite(tensors: Iterable[Tensor]) -> Tensor:
    return ops.all(ops.stack([ops.all(ops.isfinite(tensor)) for tensor in tensors]))
