"""Reads rankings of a run's faces, as the ranker and `magritte rank` write them."""

import csv
import io
import math
from dataclasses import dataclass

from shared.contract.errors import NotFound, Unreadable
from shared.contract.items import Face
from shared.contract.messages import Decision
from shared.runs import trainings
from shared.runs.registry import read_state
from shared.store.interface import Store

_REMEDY = "Give a `ranking.csv` of `magritte rank` or `magritte fetch`, whose columns are separated by commas"


@dataclass(frozen=True)
class RankedFace:
    """A face's place in a ranking, 1 for the best, and its quality: D's score; NaN where no network has scored it.

    `drop` says whether a person has written `drop` into the column `decision`.
    """

    item: Face
    image: str
    rank: int
    quality: float
    drop: bool = False


def read_ranking(content: bytes, name: str) -> list[RankedFace]:
    """Read a ranking, the best face first. Raises `Unreadable`, with the `name` of its file and the line."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        found = [_ranked(row) for row in rows]
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise Unreadable(f"{name} is no ranking: {_problem(error)}", _REMEDY) from error
    if not found:
        raise Unreadable(f"{name} has no faces", _REMEDY)
    return sorted(found, key=lambda face: face.rank)


def newest_ranking(here: Store, run: str) -> list[RankedFace]:
    """Return the newest ranking of a run, the best face first. Raises `NotFound` without one, `Unreadable`."""
    ranking = read_state(here, run).ranking
    if ranking is None or trainings.RANKING not in ranking.files:
        raise NotFound(f"run {run} has no ranking yet: `magritte rank {run}` makes one")
    key = ranking.files[trainings.RANKING]
    return read_ranking(here.get(key), key)


def _ranked(row: dict[str, str]) -> RankedFace:
    score = row["quality"] if "quality" in row else row["score"]  # of rankings of before
    return RankedFace(
        item=Face(row["entry"], int(row["face"])),
        image=row["image"],
        rank=int(row["rank"]),
        quality=float(score) if score else math.nan,
        drop=(row.get("decision") or "").strip().lower() == Decision.DROP,
    )


def _problem(error: Exception) -> str:
    return f"it has no column {error}" if isinstance(error, KeyError) else str(error)
