"""Finds what a person has decided about the content that messages bring into a run, and the boxes to cut out for it."""

from collections.abc import Iterator, Sequence
from typing import Any

from shared.contract.items import WholeRun
from shared.contract.messages import (
    FaceBoxed,
    FaceFound,
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageKept,
    ImageSuperseded,
    Message,
    VerdictGiven,
)
from shared.contract.owner import Received
from shared.contract.person_messages import BY_HAND
from shared.ledger.hand_boxes import face_at, own_number
from shared.ledger.tally import Tally
from shared.ledger.verdicts import Verdict, Verdicts


def standing_verdicts(message: Message, verdicts: Verdicts, tally: Tally) -> Iterator[VerdictGiven]:
    """Yield the verdicts that stand about the picture or the face of a message.

    Faces that a person has given boxes of are known by their places, all others by their numbers. Once a picture has
    been searched, a box by hand where no face was found is one of its own.
    """
    found: tuple[int, Verdict] | None = None
    match message:
        case ImageKept() | ImageSuperseded():
            found = verdicts.about(message.image, None)
        case FaceFound(image=image, revision=revision) if revision < BY_HAND:
            face = face_at(message.box, verdicts.places(image))
            found = None if face is None else verdicts.about(image, face)
        case FaceNormalized(image=image, face=face, revision=revision) if revision < BY_HAND:
            found = None if face in verdicts.places(image) else verdicts.about(image, face)
        case FacesCounted(image=str(image), entry=entry) | ImageDropped(image=str(image), entry=entry):
            yield from _boxes_beside(message.run, entry, image, verdicts, tally)
    if found is not None and not isinstance(message.item, WholeRun):
        yield found[1].given(message.run, message.item.entry, found[0], getattr(message, "face", None))


def _boxes_beside(run: str, entry: str, image: str, verdicts: Verdicts, tally: Tally) -> Iterator[VerdictGiven]:
    """Yield the boxes by hand in a picture that are about none of the faces that were found there."""
    known = {number for number, _ in tally.verdicts_about(entry).values()}
    for number, verdict in verdicts.boxes(image):
        if number not in known and verdict.face is not None:
            yield verdict.given(run, entry, number, own_number(verdict.face))


_ASKING = (VerdictGiven, ImageKept, FaceFound, FacesCounted, ImageDropped)
"""Messages with which boxes by hand are asked for: again with each, until they are cut out."""


def boxes_to_cut(run: str, tally: Tally, verdicts: Verdicts, batch: Sequence[Received[Message]]) -> Iterator[FaceBoxed]:
    """Yield requests to cut out the boxes by hand in the pictures of a batch of which nothing has come yet."""
    asking = [each.message for each in batch if isinstance(each.message, _ASKING)]
    entries = dict.fromkeys(each.entry for each in asking if getattr(each, "revision", 0) < BY_HAND)
    for entry in entries:
        for face, (number, is_due) in tally.verdicts_about(entry).items():
            verdict = verdicts.box(number) if is_due else None
            if verdict is not None and verdict.box is not None:
                about: dict[str, Any] = verdict.model_dump(include={"image", "box", "angle"})
                revision = BY_HAND + number
                yield FaceBoxed.model_validate(
                    {**about, "run": run, "entry": entry, "face": face, "revision": revision}
                )
