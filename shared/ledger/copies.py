"""Finds the copies that would take the places of faces that leave a data set. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from shared.contract.messages import FaceKept, FaceNormalized, FaceSuperseded, ImageKept, ImageSuperseded, Message

MESSAGES = (ImageKept, ImageSuperseded, FaceNormalized, FaceKept, FaceSuperseded)
"""Types of messages that `copies_behind` reads; others are passed over."""

OriginalFace = tuple[str, int]
"""The digest of an original and the number of a face in it."""


class Copy(NamedTuple):
    """A worse copy: of an entry's picture as a whole, or one of its faces."""

    entry: str
    image: str
    face: int | None


def copies_behind(
    messages: Iterable[Message], leaving: Collection[OriginalFace], members: Collection[OriginalFace]
) -> list[Copy]:
    """Return the copies of the faces that are `leaving` a data set of these `members`, in order of their entries.

    Copies of a picture count when all its members leave: only then is the next best copy kept instead. `messages` are a
    run's, in the order in which they were published.
    """
    judged: dict[str, ImageKept | ImageSuperseded] = {}
    compared: dict[tuple[str, int], FaceKept | FaceSuperseded] = {}
    pictures: dict[str, set[OriginalFace]] = defaultdict(set)
    for message in messages:
        match message:
            case ImageKept() | ImageSuperseded():
                known = judged.setdefault(message.entry, message)
                judged[message.entry] = max(known, message, key=lambda each: each.arrival)
            case FaceNormalized():
                pictures[message.picture].add((message.image, message.face))
            case FaceKept() | FaceSuperseded():
                known_face = compared.setdefault((message.entry, message.face), message)
                later = max(known_face, message, key=lambda each: each.changes)
                compared[message.entry, message.face] = later
    images = {image for image, _ in leaving} - {image for image, face in members if (image, face) not in leaving}
    found = [
        Copy(entry, each.image, None)
        for entry, each in judged.items()
        if isinstance(each, ImageSuperseded) and each.by in images and each.image not in images
    ]
    found += [
        Copy(entry, judged[entry].image, face)
        for (entry, face), each in compared.items()
        if isinstance(each, FaceSuperseded) and entry in judged and not pictures[each.by].isdisjoint(leaving)
    ]
    return sorted(found, key=lambda copy: (copy.entry, -1 if copy.face is None else copy.face))
