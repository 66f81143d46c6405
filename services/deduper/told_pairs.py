"""What a person has said about pairs of originals, which goes before what looking at them shows."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from math import inf

from services.deduper.likeness import Eyes
from shared.contract.messages import PairDecision, PairGiven
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

    def of(self, one: str, other: str) -> bool | None:
        """Return whether a person has called two originals copies of each other; None where nothing was said."""
        return self._are_copies.get(frozenset((one, other)))

    def given(self, run: str, but: Iterable[object]) -> Iterator[PairGiven]:
        """Yield all verdicts that stand as messages to a run, `but` those that have come to it."""
        told = {each.number for each in but if isinstance(each, PairGiven)}
        for number, verdict in self._verdicts.pairs():
            if number not in told:
                about = {"run": run, "image": verdict.image, "other": verdict.other, "decision": verdict.decision}
                yield PairGiven.model_validate({**about, "number": number})

    def apart(self, images: Collection[str]) -> list[list[str]]:
        """Return the pairs among `images` that a person has called different, in order."""
        pairs = (pair for pair, are_copies in self._are_copies.items() if not are_copies)
        return sorted(sorted(pair) for pair in pairs if pair <= set(images))

    def over(self, eyes: Eyes) -> Eyes:
        """Return eyes that know what was said, and look at all other pairs."""

        def doubt(one: str, other: str, kind: Reason) -> float:
            told = self.of(one, other)
            return eyes.doubt(one, other, kind) if told is None else 0.0 if told else inf

        def same(image: str) -> Collection[str]:
            return sorted(self._same.get(image, ()))

        return Eyes(doubt, eyes.resolution, same)
