"""Chooses the worst faces of a ranking, and finds the verdicts of a prune."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from services.magritte.ranked_faces import RankedFace
from shared.contract.messages import Decision
from shared.ledger.verdicts import Subject, Verdict, Verdicts

_UNDONE = "undo of "
"""How the name of a prune begins in the verdicts that undo it."""

_WANTED = (Decision.KEEP, Decision.BOX)


@dataclass(frozen=True)
class Chosen:
    """The faces of a prune, the worst first; of those that a person has kept before, `kept` were passed over."""

    faces: Sequence[RankedFace]
    kept: int


def worst(ranking: Sequence[RankedFace], share: float) -> list[RankedFace]:
    """Return the worst share of a ranking, from 0 to 1, rounded to the next face and at least one, the worst first."""
    count = max(math.floor(share * len(ranking) + 0.5), 1)
    return list(reversed(ranking[-count:]))


def below(ranking: Iterable[RankedFace], quality: float) -> list[RankedFace]:
    """Return the faces whose quality is lower than this, the lowest first."""
    return sorted((face for face in ranking if face.quality < quality), key=lambda face: face.quality)


def marked(ranking: Iterable[RankedFace]) -> list[RankedFace]:
    """Return the faces that a person has marked with `drop`, the worst first."""
    return sorted((face for face in ranking if face.decision == Decision.DROP), key=lambda face: -face.rank)


def without_kept(faces: Iterable[RankedFace], verdicts: Verdicts) -> Chosen:
    """Leave out the faces that a person has kept or given a box of, unless that undid a prune.

    What a person has marked in the ranking itself goes all the same.
    """
    chosen, kept = [], 0
    for face in faces:
        _, verdict = verdicts.about(face.image, face.item.number) or (0, None)
        is_kept = (
            verdict is not None
            and verdict.decision in _WANTED
            and not (verdict.prune or face.decision == Decision.DROP)
        )
        kept += is_kept
        chosen += [] if is_kept else [face]
    return Chosen(chosen, kept)


def last_prune(verdicts: Iterable[tuple[int, Verdict]], images: Collection[str]) -> list[Verdict]:
    """Return the verdicts that still stand of the latest prune that dropped faces of any of these originals."""
    standing = sorted(verdicts, key=lambda each: each[0])
    dropped = [v for _, v in standing if v.prune and v.decision is Decision.DROP and v.image in images]
    return [verdict for verdict in dropped if verdict.prune == dropped[-1].prune]


def undoing(prune: Sequence[Verdict], log: Iterable[Verdict], who: str) -> list[Verdict]:
    """Return the verdicts that undo those of a prune: its faces are kept, by the boxes that a person had given of them.

    `log` are all verdicts about the character, in order.
    """
    name, before = prune[0].prune, dict[Subject, Verdict]()
    for verdict in takewhile(lambda each: each.prune != name, log):
        before[verdict.subject] = verdict
    return [_undoing(each, before.get(each.subject), _UNDONE + name, who) for each in prune]


def _undoing(dropped: Verdict, before: Verdict | None, name: str, who: str) -> Verdict:
    kept = dropped.model_copy(update={"decision": Decision.KEEP})
    again = before if before is not None and before.decision is Decision.BOX else kept
    return again.model_copy(update={"who": who, "at": datetime.now(UTC), "why": name, "prune": name})
