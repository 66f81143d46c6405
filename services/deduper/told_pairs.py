"""What a person has said about pairs of originals, which goes before what looking at them shows."""

from collections import defaultdict
from collections.abc import Collection
from math import inf

from services.deduper.likeness import Eyes
from shared.contract.messages import PairDecision
from shared.contract.objects import Objects
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdicts


class ToldPairs:
    """The verdicts about pairs of originals of a character, as far as its log has been read."""

    def __init__(self, character: str) -> None:
        self._verdicts = Verdicts(character)
        self._are_copies: dict[frozenset[str], bool] = {}
        self._same: defaultdict[str, set[str]] = defaultdict(set)

    def read(self, store: Objects) -> None:
        """Read what has been added to the log since."""
        self._verdicts.read(store)
        self._are_copies = {
            frozenset((verdict.image, str(verdict.other))): verdict.decision is PairDecision.SAME
            for _, verdict in self._verdicts.pairs()
        }
        self._same.clear()
        for one, other in (pair for pair, are_copies in self._are_copies.items() if are_copies):
            self._same[one].add(other)
            self._same[other].add(one)

    def over(self, eyes: Eyes) -> Eyes:
        """Return eyes that know what was said, and look at all other pairs."""

        def doubt(one: str, other: str, kind: Reason) -> float:
            told = self._are_copies.get(frozenset((one, other)))
            return eyes.doubt(one, other, kind) if told is None else 0.0 if told else inf

        def same(image: str) -> Collection[str]:
            return sorted(self._same.get(image, ()))

        return Eyes(doubt, eyes.resolution, same)
