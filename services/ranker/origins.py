"""Finds out where a run has found the pictures of its data set, and the faces in them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contract.errors import Unreadable
from shared.contract.messages import FaceFound
from shared.contract.objects import Objects
from shared.ledger.ledger import Ledger
from shared.ledger.listing import read_pages

Remark = Callable[[str], object]
"""Gets a sentence about each record that cannot be read."""

_SEVERAL = "; "
"""Between the values of several places at which one picture was found."""


@dataclass(frozen=True)
class Origins:
    """The places and faces of a run's pictures, by the digest of the original."""

    places: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    faces: Mapping[tuple[str, int], FaceFound] = field(default_factory=dict)

    def of(self, image: str, face: int) -> dict[str, Any]:
        """Return all that is known of a face of an original, by column of the table.

        Of a picture that was found at several places the values of all are joined. The box is in pixels of the
        original, turned clockwise by `angle` degrees.
        """
        joined = defaultdict[str, list[str]](list)
        for place in self.places.get(image, ()):
            for name, value in _described(place).items():
                if value not in (None, "") and str(value) not in joined[name]:
                    joined[name].append(str(value))
        found = self.faces.get((image, face))
        about = {} if found is None else _face(found)
        return {name: _SEVERAL.join(values) for name, values in joined.items()} | about


def origins(store: Objects, run: str, sources: int, remark: Remark) -> Origins:
    """Read the listings of a run's `sources` and, in its journal, which faces were found."""
    places = defaultdict[str, list[Mapping[str, Any]]](list)
    for source in range(sources):
        try:
            for page in read_pages(store, run, source):
                for _, record in sorted(page.entries.items()):
                    if "image" in record:
                        places[record["image"]].append(record)
        except Unreadable as error:
            remark(str(error))
    records = Ledger(store, run, remark).records(f'"{FaceFound.kind()}"')
    found = (record.message for record in records if isinstance(record.message, FaceFound))
    return Origins(places, {(message.image, message.face): message for message in found})


def _face(found: FaceFound) -> dict[str, Any]:
    edges = dict(zip(("left", "top", "width", "height"), found.box, strict=True))
    about = {"entry": found.entry, "angle": found.angle, "confidence": found.confidence}
    return {**about, **edges, "detector": "+".join(found.detectors)}


def _described(record: Mapping[str, Any]) -> dict[str, Any]:
    provenance = record.get("provenance") or {}
    post = record.get("post") or provenance.get("post") or {}
    return {
        "origin": provenance.get("origin") or record.get("origin"),
        "source": provenance.get("source"),
        "board": post.get("board"),
        "post": post.get("number"),
        "address": post.get("address"),
        "artist": provenance.get("artist"),
        "licence": post.get("licence"),
    }
