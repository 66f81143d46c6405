"""Gathers from a run's ledger and listings what belongs into its data set: members, and where they were found."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from services.tfrecord_packer.labelling import Place
from services.tfrecord_packer.manifest import Member, member_name
from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import FaceNormalized, FacesCounted, ImageKept, ImageSuperseded
from shared.contract.objects import Objects
from shared.ledger.ledger import Ledger
from shared.ledger.listing import complete_pages
from shared.ledger.tally import Tally

_TAGS = '"tags"'
"""In the record of a message that has tags."""

_TEXTS = (_TAGS, *(f'"{kind.kind()}"' for kind in (FaceNormalized, ImageKept, ImageSuperseded)))


@dataclass(frozen=True)
class Gathered:
    """The faces that belong into a data set, also where two are equal, and the images that each image supersedes.

    `tags` are those that a tagger has told of images.
    """

    members: list[Member]
    copies: Mapping[str, set[str]]
    tags: Mapping[str, tuple[str, ...]]


def gather(ledger: Ledger, tally: Tally) -> Gathered:
    """Read the journal once, and return what belongs into the data set by the tally."""
    wanted = {(entry, face): revision for entry, face, revision in tally.members()}
    faces: dict[tuple[str, int], FaceNormalized] = {}
    judged: dict[str, ImageKept | ImageSuperseded] = {}
    tags: dict[str, tuple[str, ...]] = {}
    for record in ledger.records(*_TEXTS):
        message = record.message
        if isinstance(message, FaceNormalized):
            if wanted.get((message.entry, message.face)) == message.revision:
                faces.setdefault((message.entry, message.face), message)
        elif isinstance(message, FacesCounted):
            tags |= {message.image: message.tags} if message.tags else {}
        elif isinstance(message, ImageKept | ImageSuperseded):
            known = judged.setdefault(message.entry, message)
            judged[message.entry] = max(known, message, key=lambda each: each.arrival)
    return Gathered([_member(faces[face]) for face in sorted(faces)], _copies(judged.values()), tags)


def _member(face: FaceNormalized) -> Member:
    return Member(member_name(face.image, face.face), face.picture, face.image, face.entry, face.face)


def _copies(judged: Iterable[ImageKept | ImageSuperseded]) -> Mapping[str, set[str]]:
    copies: defaultdict[str, set[str]] = defaultdict(set)
    for message in judged:
        if isinstance(message, ImageSuperseded):
            copies[message.by].add(message.image)
    return copies


class RunPlaces:
    """The places of pictures in one run: where another run found a picture tells nothing of this one's folders.

    `copies` are the images that each image supersedes.
    """

    def __init__(self, store: Objects, run: str, sources: int, copies: Mapping[str, set[str]]) -> None:
        self._copies = copies
        self._places: defaultdict[str, list[Place]] = defaultdict(list)
        for source in range(sources):
            with suppress(NotFound, Unreadable):
                for page in complete_pages(store, run, source):
                    for entry in sorted(page.entries):
                        self._note(page.entries[entry])

    def at(self, image: str) -> list[Place]:
        """Return the provenance of an image at each of its places, in the order of sources and entries."""
        return self._places.get(image, [])

    def of(self, image: str) -> Iterator[list[Place]]:
        """Yield the places of an image, then of each of those that it superseded, by their digests."""
        yield self.at(image)
        for copy in sorted(self._copies.get(image, set()) - {image}):
            yield self.at(copy)

    def _note(self, found: Place) -> None:
        if "image" in found:
            self._places[found["image"]].append(found["provenance"])
