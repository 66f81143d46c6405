"""Orders for a review of a run's faces: by suspicion, by the discriminator's score, by name."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.magritte.pipeline import face_sorter
from services.magritte.ranked_faces import newest_ranking
from services.magritte.run_faces import RunFace
from services.magritte.suspects import looked, seen
from shared.store.interface import Store


class Sort(StrEnum):
    """The orders to choose from."""

    SUSPICION = "suspicion"
    SCORE = "score"
    RANK = "rank"
    NAME = "name"


EXPLAINED = {
    Sort.SUSPICION: ", the most suspicious first",
    Sort.SCORE: ", those first that the discriminator believes least",
    Sort.RANK: ", the worst of the ranking first",
    Sort.NAME: ", by the names of their pictures",
}


@dataclass(frozen=True)
class Placed:
    """A face in its order: with a score, and what spoke most for that; both are empty where nothing is known."""

    face: RunFace
    score: float | None = None
    mostly: str = ""


def in_order(here: Store, run: str, faces: Sequence[RunFace], sort: Sort, names: Mapping[str, str]) -> list[Placed]:
    """Return the faces in an order; those without a score come last, by the names of their entries.

    Raises `NotFound` if the run has no ranking yet, `Unusable` if what sorts by suspicion is not installed.
    """
    by_name = sorted(faces, key=lambda face: (names.get(face.item.entry, ""), str(face.item)))
    if sort is Sort.NAME:
        return [Placed(face) for face in by_name]
    scored = _SORTED[sort](here, run, by_name)
    known = {each.face.item for each in scored}
    return [*scored, *(Placed(face) for face in by_name if face.item not in known)]


def _by_suspicion(here: Store, run: str, faces: Sequence[RunFace]) -> list[Placed]:
    sorter = face_sorter()
    readable, looks, _ = looked(sorter, here, faces)
    sorting = sorter.sort([seen(face, look) for face, look in zip(readable, looks, strict=True)])
    return [Placed(readable[each.place], each.score, each.feature) for each in sorting.suspects]


def _by_score(here: Store, run: str, faces: Sequence[RunFace]) -> list[Placed]:
    scores = {each.item: each.quality for each in newest_ranking(here, run) if not math.isnan(each.quality)}
    found = [Placed(face, scores[face.item]) for face in faces if face.item in scores]
    return sorted(found, key=lambda each: each.score or 0.0)


def _by_rank(here: Store, run: str, faces: Sequence[RunFace]) -> list[Placed]:
    ranks = {each.item: each.rank for each in newest_ranking(here, run)}
    found = [Placed(face, float(ranks[face.item])) for face in faces if face.item in ranks]
    return sorted(found, key=lambda each: -(each.score or 0.0))


_SORTED = {Sort.SUSPICION: _by_suspicion, Sort.SCORE: _by_score, Sort.RANK: _by_rank}
