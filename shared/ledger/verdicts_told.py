"""Turns verdicts about originals into the messages that tell a run of them, one for each entry of an original."""

from collections.abc import Iterator, Sequence

from shared.contract.messages import FaceFound, FacesCounted, ImageDropped, PairGiven, VerdictGiven
from shared.contract.person_messages import BY_HAND
from shared.ledger.hand_boxes import face_at, own_number
from shared.ledger.ledger import Ledger
from shared.ledger.verdicts import Verdict, Verdicts

_Where = dict[tuple[str, int], list[tuple[str, int]]]
"""Entries and numbers of faces in a run, by original and number in verdicts."""


def verdicts_given(
    ledger: Ledger, run: str, numbered: Sequence[tuple[int, Verdict]], standing: Verdicts
) -> Iterator[VerdictGiven | PairGiven]:
    """Yield what a run is told of verdicts, by their numbers: of each with every entry that it is about.

    Faces of which `standing` verdicts, or earlier ones, give boxes are known by their places (`hand_boxes`). The
    journal is gone through a few times, however many verdicts there are.
    """
    alone = [verdict for _, verdict in numbered if verdict.other is None]
    entries = ledger.entries_of_all({verdict.image for verdict in alone if verdict.face is None})
    where = _faces_of(ledger, alone, standing)
    for number, verdict in numbered:
        if verdict.other is not None:
            yield verdict.pair_given(run, number)
        elif verdict.face is None:
            yield from (verdict.given(run, entry, number) for entry in entries.get(verdict.image, ()))
        else:
            for entry, face in where.get((verdict.image, verdict.face), ()):
                yield verdict.given(run, entry, number, face)


def _faces_of(ledger: Ledger, verdicts: Sequence[Verdict], standing: Verdicts) -> _Where:
    """Return where the faces are in the run that verdicts are about."""
    of_faces = {(each.image, each.face) for each in verdicts if each.face is not None}
    by_number = {(image, face) for image, face in of_faces if face not in standing.places(image)}
    where: _Where = {}
    for (image, face), entries_with in ledger.entries_of_faces(by_number).items():
        where[image, face] = [(entry, face) for entry in entries_with]
    by_place = of_faces - by_number
    for (entry, image), found in _searched(ledger, {image for image, _ in by_place}, standing).items():
        for subject in (each for each in by_place if each[0] == image):
            faces = [number for number, face in found.items() if face == subject[1]] or [own_number(subject[1])]
            where.setdefault(subject, []).extend((entry, face) for face in faces)
    return where


def _searched(ledger: Ledger, images: set[str], standing: Verdicts) -> dict[tuple[str, str], dict[int, int | None]]:
    """Return the entries of `images` in which faces have been looked for, each with its original.

    Of each it is the number in verdicts of every face that was cut out there, by its number in the run.
    """
    found: dict[tuple[str, str], dict[int, int | None]] = {}
    texts = (f'"{kind.kind()}"' for kind in (FaceFound, FacesCounted, ImageDropped))
    for message in (record.message for record in ledger.records(*texts)) if images else ():
        if isinstance(message, FacesCounted | ImageDropped) and message.image in images:
            found.setdefault((message.entry, str(message.image)), {})
        elif isinstance(message, FaceFound) and message.image in images and message.revision < BY_HAND:
            face = face_at(message.box, standing.places(message.image))
            found.setdefault((message.entry, message.image), {})[message.face] = face
    return found
