"""The faces of a run that are ready for its data set, and which of them are copies of a better one."""

import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

import numpy as np

from services.deduper.fingerprint import fingerprint
from services.deduper.likeness import Eyes, Looking, Looks
from services.deduper.pair_verdicts import PairVerdicts
from services.deduper.resolution import worth_as_jpeg
from services.deduper.run_index import EntryDecision, RunIndex
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.contract.items import Face
from shared.contract.messages import ImageFingerprinted
from shared.contract.objects import Objects
from shared.contract.reasons import Drop, Reason
from shared.pictures import OUR_OWN_LIMITS
from shared.recipe.duplicates import Duplicates, Variants

VERSION = 1
"""Raise it when the rules change: what was found by older ones is passed over then."""

LEAST_COVER = 0.7
"""Share of each face's picture that the other covers at least: neighbours on one picture share less. Of 114 faces of
real drawings, cut out once more by a box that was up to 4 % elsewhere and 6 % larger or smaller, all have 0.76."""

MOST_MOVED = 0.01
"""Share of blocks that may show something else: of 110 drawn faces another mouth
is 0.016 and more, faces that differ in more 0.05."""


@dataclass(frozen=True)
class ReadyFace:
    """A face: the digests of its original, of what was cut out, and of its picture in the data set.

    What was cut out is looked at: it is neither enlarged nor padded.
    """

    item: Face
    image: str
    crop: str
    picture: str

    @property
    def digest(self) -> str:
        """SHA-256 that names the face in the index: another crop of it is another face."""
        return hashlib.sha256(f"{self.item} {self.crop}".encode()).hexdigest()


class FaceIndex:
    """An index of faces, by their digests.

    `apart` are the pairs of originals that a person has called different. `state` is what an earlier index knew; it is
    passed over if that had other settings or heard other words.
    """

    def __init__(self, settings: Duplicates, apart: Sequence[Sequence[str]] = (), state: bytes | None = None) -> None:
        self._rules = f"{VERSION} {settings.model_dump_json()} {list(map(list, apart))}"
        self._index = RunIndex(settings)
        if state is not None:
            with suppress(Exception):  # damaged in whatever way, or of another version: it is all found again
                self._index = _decoded(state, settings, self._rules)

    def missing(self, faces: Collection[ReadyFace]) -> list[ReadyFace]:
        """Return the faces that the index does not know, in an order that does not depend on when they came."""
        known = set(self._index.entries)
        return sorted((face for face in faces if _name(face.digest) not in known), key=lambda face: face.digest)

    def add(self, face: ReadyFace, store: Objects, eyes: Eyes) -> None:
        """Take in a face. One whose crop is damaged or gone is no copy of any other."""
        with suppress(NotFound):
            found = fingerprint(store.get(keys.crop(face.crop)), OUR_OWN_LIMITS)
            if not isinstance(found, Drop):
                about = {"run": "faces", "entry": _name(face.digest), "image": face.digest, "score": 0}
                self._index.add(ImageFingerprinted.model_validate({**asdict(found), **about}), eyes)

    def settle(self, present: Collection[ReadyFace]) -> None:
        """Count on the faces that are `present`, and on no others."""
        names = {_name(face.digest) for face in present}
        for number, name in enumerate(self._index.entries):
            if self._index.is_out(number) == (name in names):
                self._index.settle(name, name not in names)

    def decisions(self) -> list[EntryDecision]:
        """Return the decisions about all faces that have copies."""
        return self._index.grouped()

    def state(self) -> bytes:
        """Return what the index knows, as bytes."""
        stream = io.BytesIO()
        columns: dict[str, Any] = {"rules": np.array(self._rules), **self._index.state()}
        np.savez(stream, **columns)
        return stream.getvalue()


def face_eyes(settings: Duplicates, faces: Mapping[str, ReadyFace], verdicts: PairVerdicts, store: Objects) -> Eyes:
    """Return eyes for faces, which are named by their digests.

    The best face is the one that shows most of a crop, of an original that is not compressed much. Expressions of one
    pose are different faces. Those of one original are never copies, nor those of two that a person
    has called different.
    """
    strict = settings.model_copy(update={"variants": Variants.KEEP})
    looking = Looking(strict, Looks(), lambda digest: keys.crop(faces[digest].crop), LEAST_COVER, MOST_MOVED)
    seen = looking.within(store)

    def doubt(one: str, other: str, kind: Reason) -> float:
        if one not in faces or other not in faces:
            return inf
        here, there = faces[one], faces[other]
        if here.image == there.image or verdicts.of(here.image, there.image) is False:
            return inf
        return seen.doubt(one, other, kind)

    def resolution(digest: str) -> int:
        if digest not in faces:
            return 0
        return int(seen.resolution(digest) * _worth(keys.original(faces[digest].image), store))

    return Eyes(doubt, resolution)


def _worth(key: str, store: Objects) -> float:
    """Return what compression has left of an original; 1 where it is gone or damaged, and nobody can tell."""
    try:
        return worth_as_jpeg(store.get(key))
    except (NotFound, OSError):
        return 1.0


def by_digest(faces: Collection[ReadyFace]) -> dict[str, ReadyFace]:
    """Return faces by their digests."""
    return {face.digest: face for face in faces}


def _name(digest: str) -> str:
    """Return the name of a face as an index has those of entries."""
    return digest[:20]


def _decoded(data: bytes, settings: Duplicates, rules: str) -> RunIndex:
    with np.load(io.BytesIO(data), allow_pickle=False) as known:
        if str(known["rules"]) != rules:
            raise ValueError("of other rules")
        index = RunIndex(settings)
        index.restore(known)
        return index
