"""Figures of comparing two pictures, as commands show them, and the interface of what compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.contract.reasons import Reason

LAYING = "laying"
"""The name of the doubt about two pictures of which neither can be laid over the other."""


@dataclass(frozen=True)
class Figures:
    """Findings of laying one picture over another, as `services.deduper.alignment.Comparison` has them.

    `doubts` says by finding how near it comes to its limit: up to 1 it speaks for a copy, above that against one.
    """

    details: int | None
    agreeing: float
    moved: float
    doubts: Mapping[str, float]

    @property
    def doubt(self) -> float:
        """The doubt that both are one picture: that of the finding which comes nearest to its limit."""
        return max(self.doubts.values())

    @property
    def weakest(self) -> str:
        """The name of that finding."""
        return max(self.doubts, key=lambda name: self.doubts[name])


class PictureComparer(Protocol):
    """Compares originals in a store as strictly as a recipe says."""

    def compare(self, one: str, other: str, kind: Reason) -> Figures | None:
        """Return the figures of two originals, by digest, as duplicates of a kind; None if either cannot be decoded."""
        ...
