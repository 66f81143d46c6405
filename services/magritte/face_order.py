"""Orders for a review of a run's faces: by suspicion, by the discriminator's score, by name."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.magritte.pipeline import face_sorter
from services.magritte.run_faces import RunFace
from services.magritte.suspects import looked, seen
from shared.contract.errors import NotFound, Unreadable
from shared.contract.items import Face
from shared.runs.registry import read_state
from shared.runs.trainings import RANKING
from shared.store.interface import Store


class Sort(StrEnum):
    """The orders to choose from."""

    SUSPICION = "suspicion"
    SCORE = "score"
    NAME = "name"


EXPLAINED = {
    Sort.SUSPICION: ", the most suspicious first",
    Sort.SCORE: ", those first that the discriminator believes least",
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
    scored = _by_score(here, run, by_name) if sort is Sort.SCORE else _by_suspicion(here, by_name)
    known = {each.face.item for each in scored}
    return [*scored, *(Placed(face) for face in by_name if face.item not in known)]


def _by_suspicion(here: Store, faces: Sequence[RunFace]) -> list[Placed]:
    sorter = face_sorter()
    readable, looks, _ = looked(sorter, here, faces)
    sorting = sorter.sort([seen(face, look) for face, look in zip(readable, looks, strict=True)])
    return [Placed(readable[each.place], each.score, each.feature) for each in sorting.suspects]


def _by_score(here: Store, run: str, faces: Sequence[RunFace]) -> list[Placed]:
    ranking = read_state(here, run).ranking
    key = ranking.files.get(RANKING) if ranking else None
    if key is None:
        raise NotFound(f"run {run} has no ranking yet: sort by suspicion or name")
    scores = _scores(key, here.get(key))
    found = [Placed(face, scores[face.item]) for face in faces if face.item in scores]
    return sorted(found, key=lambda each: each.score or 0.0)


def _scores(key: str, table: bytes) -> dict[Face, float]:
    rows = csv.DictReader(io.StringIO(table.decode("utf-8", "replace")))
    try:
        return {Face(row["entry"], int(row["face"])): float(row["score"]) for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{key} is damaged or of another version of Magritte", "Sort by suspicion or name") from error
