"""Closed-form factorisation of a generator's styles (SeFa, Shen & Zhou 2021). No TensorFlow.

The affine layers turn w into the styles of the maps. A step d of w changes these by A d, A being the weights of all
those layers, one above the other. The steps of length 1 that change them most are the eigenvectors of A^T A.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.stylegan2.architecture import Architecture
from shared.stylegan2.arrays import pack
from shared.stylegan2.weights import Array, Weights


@dataclass(frozen=True)
class Directions:
    """Directions of w in some of its `slots`: unit vectors [K, w_size], those that change the styles most first.

    `strengths` [K] are by how much each does: the eigenvalues, in parts of the sum of all.
    """

    vectors: Array
    strengths: Array
    slots: tuple[int, ...]

    def moved(self, w: Array, number: int, amount: float) -> Array:
        """Return w [num_ws, w_size], moved by `amount` along direction `number`, in these slots alone."""
        found = np.array(w)
        found[list(self.slots)] += np.float32(amount) * self.vectors[number]
        return found

    def dump(self) -> bytes:
        """Write the directions as a .npz file."""
        return pack({"vectors": self.vectors, "strengths": self.strengths, "slots": np.array(self.slots, np.int64)})


def factorised(architecture: Architecture, weights: Weights, slots: Sequence[int]) -> Directions:
    """Return all directions of a generator's w in `slots`, by the convolutions there, and ToRGB in the last one.

    Each vector points to where its largest component is positive, so that the same network gives the same ones.
    """
    stacked = np.concatenate([weights[f"G_synthesis/{scope}/mod_weight"] for scope in _scopes(architecture, slots)], 1)
    values, vectors = np.linalg.eigh(stacked.astype(np.float64) @ stacked.T.astype(np.float64))
    values, vectors = values[::-1].clip(0), vectors[:, ::-1].T
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1)
    vectors = vectors * np.sign(largest)
    return Directions(vectors.astype(np.float32), (values / values.sum()).astype(np.float32), tuple(slots))


def _scopes(architecture: Architecture, slots: Sequence[int]) -> list[str]:
    """Return the layer that each slot of w is the style of."""
    convolutions = ["4x4/Conv"]
    for side in architecture.sides[1:]:
        convolutions += [f"{side}x{side}/Conv0_up", f"{side}x{side}/Conv1"]
    top = architecture.resolution
    return [[*convolutions, f"{top}x{top}/ToRGB"][slot] for slot in slots]
