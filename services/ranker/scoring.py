"""Scores of pictures by the discriminator of a trained network.

A score depends on the other pictures of the minibatch, through the minibatch standard deviation. So every picture is
scored several times in other company, in minibatches whose groups are full, as in training. The idea is gwern's,
corrected by xunings/styleganime2; here the company is drawn from the whole set, and a last minibatch that is too small
is filled with other pictures instead of copies.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Chosen = NDArray[np.intp]
"""Indices of the pictures in a minibatch, [N]."""

Logits = NDArray[np.float32]
"""The scores [N] of a minibatch."""

Discriminator = Callable[[Chosen], Logits]
"""Scores all pictures of a minibatch together."""

_PIXELS_AT_ONCE = 1 << 21  # of all pictures in a minibatch: D's activations at 512 px then take half a gigabyte
_MOST_GROUPS = 16


@dataclass(frozen=True)
class Rule:
    """Settings of scoring: pictures in a minibatch, scores per picture, and the seed that draws the minibatches."""

    minibatch: int
    shuffles: int
    seed: int


@dataclass(frozen=True)
class Scores:
    """Mean and standard deviation of each picture's scores. They are logits, not probabilities of being real."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    def doubts(self) -> NDArray[np.float64]:
        """Return how far each score is below the middle one, as a multiple of the usual difference from that."""
        return (np.median(self.mean) - self.mean) / _usual_difference(self.mean)


def minibatch(pictures: int, group: int, resolution: int) -> int:
    """Return the size of the minibatches for scoring `pictures`: whole groups of D's minibatch standard deviation.

    All of them when there are fewer than `group`; D then takes them as a smaller group.
    """
    groups = min(max(_PIXELS_AT_ONCE // (resolution**2 * group), 1), _MOST_GROUPS, pictures // group)
    return group * groups or pictures


def score(pictures: int, discriminator: Discriminator, rule: Rule) -> Scores:
    """Score the pictures 0 to `pictures` - 1 `rule.shuffles` times each, in full minibatches of distinct pictures."""
    found = np.empty((rule.shuffles, pictures))
    for shuffle, scores in enumerate(found):
        generator = np.random.default_rng([rule.seed, shuffle])
        for chosen, counted in _minibatches(pictures, rule.minibatch, generator):
            scores[chosen[:counted]] = discriminator(chosen)[:counted]
    return Scores(found.mean(axis=0), found.std(axis=0))


def together(found: Sequence[Scores]) -> Scores:
    """Join the scores by several discriminators: those of one as they are, else how far each is above the middle one.

    The unit then is the usual difference from the middle. What the discriminators disagree about is part of the spread.
    """
    if len(found) == 1:
        return found[0]
    above = np.stack([-scores.doubts() for scores in found])
    spreads = np.stack([scores.spread / _usual_difference(scores.mean) for scores in found])
    return Scores(above.mean(axis=0), np.sqrt(np.square(spreads).mean(axis=0) + above.var(axis=0)))


def _usual_difference(values: NDArray[np.float64]) -> float:
    """Return the median distance from the median; where that is nothing, 1."""
    return float(np.median(np.abs(values - np.median(values)))) or 1.0


def _minibatches(pictures: int, size: int, generator: np.random.Generator) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Yield the pictures of each minibatch, and how many of its first ones count; the others only fill it."""
    order = generator.permutation(pictures)
    for start in range(0, pictures, size):
        chosen = order[start : start + size]
        company = generator.choice(order[:start], size - len(chosen), replace=False)
        yield np.concatenate([chosen, company]), len(chosen)
