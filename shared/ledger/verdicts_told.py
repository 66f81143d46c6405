"""Turns verdicts about originals into the messages that tell a run of them, one for each entry of an original."""

from collections.abc import Iterator, Sequence

from shared.contract.messages import PairGiven, VerdictGiven
from shared.ledger.ledger import Ledger
from shared.ledger.verdicts import Verdict


def verdicts_given(
    ledger: Ledger, run: str, numbered: Sequence[tuple[int, Verdict]]
) -> Iterator[VerdictGiven | PairGiven]:
    """Yield what a run is told of verdicts, by their numbers: of each with every entry that it is about.

    The journal is gone through three times at most, however many they are.
    """
    alone = [verdict for _, verdict in numbered if verdict.other is None]
    whole = ledger.entries_of_all({verdict.image for verdict in alone if verdict.face is None})
    entries = ledger.entries_of_faces({(verdict.image, verdict.face) for verdict in alone if verdict.face is not None})
    for number, verdict in numbered:
        if verdict.other is not None:
            yield verdict.pair_given(run, number)
            continue
        image, face = verdict.image, verdict.face
        for entry in whole.get(image, []) if face is None else entries.get((image, face), []):
            yield verdict.given(run, entry, number)
