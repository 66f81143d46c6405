"""What is to be ranked, and the interface of what ranks it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.contract.objects import Objects
from shared.recipe.ranking import Ranking

Told = Callable[[str, int, int], object]
"""Gets what is done at the moment, how many steps of it are done, and how many there are."""


@dataclass(frozen=True)
class RankingRequest:
    """A data set to be ranked, and the discriminators that are asked.

    Attributes:
        run: whose pictures these are
        sources: the number of its recipe's sources
        dataset: the digest of the data set
        training: the digest of the training whose snapshots score; empty before there is any
        legs: the snapshots that score together, by number; the ranking is the last one's. None before there is any
        base: the key of the network that the training started from, if it scores too
        seed: draws the minibatches
        settings: the recipe's
    """

    run: str
    sources: int
    dataset: str
    training: str
    legs: tuple[int, ...]
    base: str | None
    seed: int
    settings: Ranking


@dataclass(frozen=True)
class MadeRanking:
    """The files of a ranking by name, and the keys in the store that they are for; without any snapshot these are none.

    `stability` is Spearman's correlation with the ranking by the snapshot before, None where that was not ranked by the
    same settings.
    """

    files: Mapping[str, bytes]
    keys: Mapping[str, str]
    stability: float | None


class PictureRanker(Protocol):
    """Ranks the pictures of data sets."""

    def rank(self, request: RankingRequest, store: Objects, told: Told) -> MadeRanking:
        """Rank what is asked for; nothing is written. Raises Poison where data set, snapshot or network do not fit."""
        ...
