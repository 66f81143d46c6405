"""The kinds of facts that the fate of a picture or a face can depend on, and which of two goes before the other."""

from collections.abc import Mapping

from shared.contract.facts import FaceFact, ImageFact
from shared.contract.messages import (
    FaceDropped,
    FaceKept,
    FaceNormalized,
    FacesCounted,
    FaceSuperseded,
    ImageDropped,
    ImageKept,
    ImageSuperseded,
    ItemDied,
    VerdictGiven,
)
from shared.ledger.fates import Fate, Settlement

Cause = tuple[str, str, str]  # kind, stage and reason of a fact

JUDGES = {ImageKept.kind(), ImageSuperseded.kind()}
OUTCOMES = {ItemDied.kind(): 0, FacesCounted.kind(): 1, ImageDropped.kind(): 2}
FACE_OUTCOMES = {ItemDied.kind(): 0, FaceDropped.kind(): 1, FaceNormalized.kind(): 2}
"""What a stage makes of a picture or a face; of several at one revision the one with the highest number holds."""

FINDING = "face-detector"
"""The stage that says of a picture that there is no face to be had in it; a person may know better."""

COMPARED = {FaceKept.kind(), FaceSuperseded.kind()}
"""What the deduper's second pass makes of a face."""

DECIDERS = {VerdictGiven.kind(), *JUDGES, *OUTCOMES, *FACE_OUTCOMES, *COMPARED}
"""Kinds of facts that a fate can depend on."""


def prevails(fact: ImageFact | FaceFact, ranks: Mapping[str, int], revision: int, known: Cause | None) -> bool:
    """Return whether an outcome goes before the one that is `known`, of a `revision`; `ranks` are those of kinds."""
    cause = (fact.kind, fact.stage, fact.reason)
    return known is None or (fact.revision, ranks[fact.kind], cause) > (revision, ranks[known[0]], known)


def settled_by(kind: str, stage: str, reason: str) -> Settlement:
    """Return what becomes of a picture or a face that the fact of a stage keeps out of the data set."""
    return Settlement(Fate.DEAD if kind == ItemDied.kind() else Fate.DROPPED, stage, reason)
