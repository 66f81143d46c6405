"""Gathers the faces of a run with their pictures, and what a person has decided about each."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.magritte.run_items import RunItems
from shared.contract.items import Face
from shared.contract.messages import Decision, FaceNormalized
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdict, Verdicts

_NOT_BY_LOOKS = tuple(f"{reason}: " for reason in (Reason.EXCLUDED_ARTIST, Reason.EXCLUDED_WORK))
"""Beginnings of the reasons of verdicts by `magritte verdict exclude`, which say nothing of how a picture looks."""


@dataclass(frozen=True)
class RunFace:
    """A face, the digests of its original and of its picture, and whether it is in the data set.

    `dropped` is what a person has decided about how it looks: None where nobody has.
    """

    item: Face
    image: str
    picture: str
    belongs: bool
    dropped: bool | None


def run_faces(items: RunItems, verdicts: Verdicts) -> list[RunFace]:
    """Return the faces of the data set, and those that a person has dropped, in order of their names."""
    members = items.members()
    found: dict[Face, FaceNormalized] = {}
    for message in items.messages_of(FaceNormalized):
        face = Face(message.entry, message.face)
        if members.get(face, message.revision) == message.revision:
            known = found.setdefault(face, message)
            found[face] = max(known, message, key=lambda each: each.revision)
    return list(_wanted(found, members, verdicts))


def _wanted(found: dict[Face, FaceNormalized], members: dict[Face, int], verdicts: Verdicts) -> Iterator[RunFace]:
    told = set[tuple[str, int]]()
    for face in sorted(found, key=lambda face: (face not in members, face.entry, face.number)):
        message = found[face]
        dropped = _decided(message, verdicts)
        if face in members or (dropped and (message.image, message.face) not in told):
            told.add((message.image, message.face))
            yield RunFace(face, message.image, message.picture, face in members, dropped)


def _decided(message: FaceNormalized, verdicts: Verdicts) -> bool | None:
    """Return whether a face was dropped by its looks: by the verdict about it, or else by that about its picture."""
    found = verdicts.about(message.image, message.face) or verdicts.about(message.image, None)
    return None if found is None or not _is_by_looks(found[1]) else found[1].decision is Decision.DROP


def _is_by_looks(verdict: Verdict) -> bool:
    return not verdict.prune and not verdict.why.startswith(_NOT_BY_LOOKS)
