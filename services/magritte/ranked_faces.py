"""Reads rankings of a run's faces, as the ranker and `magritte rank` write them."""

import math
from dataclasses import dataclass

from services.magritte.spreadsheet import Line, read_table
from shared.contract.errors import NotFound, Unreadable
from shared.contract.items import Face
from shared.contract.messages import Decision
from shared.runs import trainings
from shared.runs.registry import read_state
from shared.store.interface import Store

_REMEDY = "Give a `ranking.csv` of `magritte rank` or `magritte fetch`"


_COLUMNS = ("rank", "entry", "face", "image")

_DECISIONS = ("", Decision.DROP, Decision.KEEP)
"""What a person may have written into the column `decision`."""


@dataclass(frozen=True)
class RankedFace:
    """A face's place in a ranking, 1 for the best, and its quality: D's score; NaN where no network has scored it.

    `decision` is what a person has written into the column of that name, None where the table has none.
    """

    item: Face
    image: str
    rank: int
    quality: float
    decision: str | None = None


def read_ranking(content: bytes, name: str) -> list[RankedFace]:
    """Read a ranking, the best face first and each once. Raises `Unreadable`, with the `name` of its file and the line.

    A person may have saved it by a spreadsheet, with a column `decision` of `drop`, `keep` or nothing.
    """
    lines = read_table(content, _COLUMNS, name, _REMEDY)
    if not lines:
        raise Unreadable(f"{name} has no faces", _REMEDY)
    found = sorted((_ranked(line, name) for line in lines), key=lambda face: face.rank)
    return list({face.item: face for face in reversed(found)}.values())[::-1]


def newest_ranking(here: Store, run: str) -> list[RankedFace]:
    """Return the newest ranking of a run, the best face first. Raises `NotFound` without one, `Unreadable`."""
    ranking = read_state(here, run).ranking
    if ranking is None or trainings.RANKING not in ranking.files:
        raise NotFound(
            f"run {run} has no ranking yet: `magritte rank {run}` makes one once there is a snapshot, and before that "
            "with --out FOLDER one for --file"
        )
    key = ranking.files[trainings.RANKING]
    return read_ranking(here.get(key), key)


def _ranked(line: Line, name: str) -> RankedFace:
    cells = line.cells
    score, decision = cells.get("quality", cells.get("score", "")), cells.get("decision")  # `score` in those of before
    if (decision or "").lower() not in _DECISIONS:
        raise Unreadable(f"{name}:{line.number}: {decision!r} is no decision", "Write drop, keep or nothing")
    try:
        return RankedFace(
            item=Face(cells["entry"], int(cells["face"])),
            image=cells["image"],
            rank=int(cells["rank"]),
            quality=float(score.replace(",", ".")) if score else math.nan,
            decision=None if decision is None else decision.lower(),
        )
    except ValueError as error:
        raise Unreadable(f"{name}:{line.number}: rank, face or quality is no number", _REMEDY) from error
