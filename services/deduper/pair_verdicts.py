"""A person's verdicts about pairs of originals, which go before what looking at them shows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from math import inf

from services.deduper.likeness import Eyes
from shared.contract.messages import PairDecision, PairGiven
from shared.contract.objects import Objects
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdicts


class PairVerdicts:
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

    def of(self, one: str, other: str) -> bool | None:
        """Return whether a person has called two originals copies of each other; None where nothing was said."""
        return self._are_copies.get(frozenset((one, other)))

    def given(self, run: str, but: Iterable[object]) -> Iterator[PairGiven]:
        """Yield all verdicts that stand as messages to a run, `but` those that have come to it."""
        heard = {each.number for each in but if isinstance(each, PairGiven)}
        for number, verdict in self._verdicts.pairs():
            if number not in heard:
                yield verdict.pair_given(run, number)

    def apart(self, images: Collection[str]) -> list[list[str]]:
        """Return the pairs among `images` that a person has called different, in order."""
        pairs = (pair for pair, are_copies in self._are_copies.items() if not are_copies)
        return sorted(sorted(pair) for pair in pairs if pair <= set(images))

    def applied_to(self, eyes: Eyes) -> Eyes:
        """Return eyes that know the verdicts, and look at all other pairs."""

        def doubt(one: str, other: str, kind: Reason) -> float:
            are_copies = self.of(one, other)
            return eyes.doubt(one, other, kind) if are_copies is None else 0.0 if are_copies else inf

        def same(image: str) -> Collection[str]:
            return sorted(self._same.get(image, ()))

        def loss(kept: str, other: str, kind: Reason) -> float:
            return 0.0 if self.of(kept, other) else eyes.loss(kept, other, kind)

        return Eyes(doubt, eyes.resolution, same, loss)
