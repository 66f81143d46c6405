"""Groups duplicates and keeps the best picture of each group, whatever the order in which they arrive.

The rule: going through all pictures from the best to the worst, a picture is kept unless an already kept one is
its duplicate; it is superseded by the best such one. Copies are therefore compared with kept pictures only and
never chained: of A like B like C, with A unlike C and B the worst, A and C are kept.

A kept picture that has fallen out of the run for another reason supersedes its exact copies alone, whose fate is the
same: the best of its other copies is kept in its place.

The incremental form looks again only at pictures that a change may reach. Changes go from better to worse
pictures only, so that taking the pictures up in the order of their rank decides each of them once.
"""

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from shared.contract.reasons import Reason

Rank = tuple[Any, ...]
"""Sorts pictures, the best first. No two pictures have the same rank."""

Neighbours = Callable[[int], Mapping[int, Reason]]
"""Returns the duplicates of a picture among those added, each with the kind of duplicate. Symmetric."""


class Grouping:
    """Decisions about numbered pictures (from 0); `keeper[n]` is what supersedes n, or n itself when it is kept."""

    def __init__(self, neighbours: Neighbours) -> None:
        self.keeper: list[int | None] = []
        self.ranks: list[Rank] = []
        self.out = set[int]()
        self._neighbours = neighbours

    def restore(self, ranks: list[Rank], keeper: list[int | None], out: set[int]) -> None:
        """Take over the ranks and decisions of pictures that were added before, and which of them have fallen out."""
        self.ranks, self.keeper, self.out = ranks, keeper, out

    def add(self, rank: Rank) -> dict[int, Reason | None]:
        """Take in the next picture; return all pictures whose decision is new, with the reason if one is not kept."""
        new = len(self.ranks)
        self.ranks.append(rank)
        self.keeper.append(None)
        return self.review([new])

    def settle(self, picture: int, out: bool) -> dict[int, Reason | None]:
        """Note whether a picture has fallen out of the run; return all whose decision is new, as `add` does."""
        (self.out.add if out else self.out.discard)(picture)
        return self.review([other for other in self._neighbours(picture) if self.keeper[picture] == picture])

    def review(self, pictures: Collection[int]) -> dict[int, Reason | None]:
        """Decide again about pictures, and all that this reaches, from the best to the worst; return what is new."""
        changed: dict[int, Reason | None] = {}
        due, seen = [(self.ranks[picture], picture) for picture in pictures], set(pictures)
        heapq.heapify(due)
        while due:
            _, picture = heapq.heappop(due)
            for reached in self._decide(picture, changed):
                if reached not in seen:
                    seen.add(reached)
                    heapq.heappush(due, (self.ranks[reached], reached))
        return changed

    def _decide(self, picture: int, changed: dict[int, Reason | None]) -> list[int]:
        """Decide about `picture`, note it in `changed`, and return the worse pictures that have to be decided again."""
        neighbours, before = self._neighbours(picture), self.keeper[picture]
        after = self._best_keeper(picture, neighbours)
        if after == before:
            return []
        self.keeper[picture] = after
        changed[picture] = neighbours[after] if after != picture else None
        if after == picture:
            return list(self._takes_over(picture, neighbours))
        return [other for other in neighbours if self.keeper[other] == picture] if before == picture else []

    def _best_keeper(self, picture: int, neighbours: Mapping[int, Reason]) -> int:
        kept = [
            other for other, kind in neighbours.items() if self.keeper[other] == other and self._counts(other, kind)
        ]
        return min([picture, *kept], key=self.ranks.__getitem__)

    def _counts(self, kept: int, kind: Reason) -> bool:
        """Return whether a kept picture supersedes worse duplicates of that kind."""
        return kept not in self.out or kind is Reason.EXACT_DUPLICATE

    def _takes_over(self, picture: int, neighbours: Mapping[int, Reason]) -> Iterator[int]:
        """Yield those of `neighbours` whose keeper so far is worse than `picture`, which is newly kept."""
        for other, kind in neighbours.items():
            keeper = self.keeper[other]
            if keeper is not None and self.ranks[keeper] > self.ranks[picture] and self._counts(picture, kind):
                yield other
