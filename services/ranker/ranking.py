"""Ranks the training pictures by two signals: how well each is made, and whether it belongs to the others. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.ranker.scoring import Scores
from services.ranker.strangeness import Strangeness


@dataclass(frozen=True)
class RankedPicture:
    """A picture's place in the ranking; `index` is its record in the data set.

    Attributes:
        rank: 1 is the best picture by both signals together, the highest number the worst
        quality: the discriminator's mean score; None without a network
        spread: the standard deviation of its scores in other company; None without a network
        doubt: how far the score is below the middle one, in multiples of the usual difference; None without a network
        quality_rank: 1 is the most convincing picture; None without a network
        belonging: how strange the picture is among the others: 0 is usual, higher is stranger
        mostly: the feature that makes it strangest
        belonging_rank: 1 is the most usual picture
    """

    index: int
    rank: int
    quality: float | None
    spread: float | None
    doubt: float | None
    quality_rank: int | None
    belonging: float
    mostly: str
    belonging_rank: int

    @property
    def of_quality(self) -> str:
        """The score, as captions show it."""
        return "" if self.quality is None else f"quality {self.quality:.2f}"

    @property
    def of_belonging(self) -> str:
        """The strangeness, as captions show it."""
        return f"{self.mostly} {self.belonging:.1f}"

    @property
    def why(self) -> str:
        """The signal that the rank follows from, as captions show it."""
        return self.of_quality if self.doubt is not None and self.doubt > self.belonging else self.of_belonging


def ranking(strangeness: Strangeness, quality: Scores | None) -> list[RankedPicture]:
    """Rank all pictures, the best first.

    What counts of a picture is the worse of its two signals, each as a multiple of the usual difference: ranks say that
    one is worse than another, and not by how much, so that of the worse of two ranks half is the worst of the set by
    the signal that has nothing to say.
    """
    belonging = strangeness.total
    doubts = quality.doubts() if quality else None
    worse = belonging if doubts is None else np.maximum(belonging, doubts)
    ranks, of_belonging = _ranks(worse), _ranks(belonging)
    of_quality = _ranks(-quality.mean) if quality else None
    return [
        RankedPicture(
            index=index,
            rank=int(ranks[index]),
            quality=float(quality.mean[index]) if quality else None,
            spread=float(quality.spread[index]) if quality else None,
            doubt=None if doubts is None else float(doubts[index]),
            quality_rank=None if of_quality is None else int(of_quality[index]),
            belonging=float(belonging[index]),
            mostly=strangeness.mostly(index),
            belonging_rank=int(of_belonging[index]),
        )
        for index in np.argsort(ranks).tolist()
    ]


def _ranks(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return ranks from 1, the lowest value first; of equal values in the order that they came in."""
    ranks = np.empty(len(values), np.intp)
    ranks[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks
