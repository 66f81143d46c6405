"""What is to be ranked, and the interface of what ranks it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shared.contract.objects import Objects
from shared.recipe.ranking import Ranking

OnStep = Callable[[str, int, int], object]
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
        base: the network that the training starts from, as the recipe names it, if it scores too
        seed: draws the minibatches
        settings: the recipe's
    """

    run: str
    sources: int
    dataset: str
    training: str
    legs: tuple[int, ...]
    base: str | Path | None
    seed: int
    settings: Ranking


@dataclass(frozen=True)
class MadeRanking:
    """The files of a ranking by name, and the keys in the store that they are for; without any snapshot these are none.

    `rows` are those of the table, by column, the best picture first, and `summary` says what the ranking was made of.
    `earlier` is the ranking by the snapshot before, as ranks by name, empty where that was not ranked in the same way;
    `stability` is Spearman's correlation with its quality, None without one. `remarks` are sentences about what could
    not be read.
    """

    files: Mapping[str, bytes]
    keys: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    summary: Mapping[str, Any]
    earlier: Mapping[str, int]
    stability: float | None
    remarks: Sequence[str]


class PictureRanker(Protocol):
    """Ranks the pictures of data sets."""

    def rank(self, request: RankingRequest, store: Objects, on_step: OnStep) -> MadeRanking:
        """Rank what is asked for; nothing is written. Raises Poison where data set, snapshot or network do not fit."""
        ...
