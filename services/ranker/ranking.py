"""The ranking of the training pictures, and its encoding as CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.ranker.scoring import Scores

_COLUMNS = ("rank", "score", "spread", "name", "picture", "image", "entry", "face", "origins")


@dataclass(frozen=True)
class RankedPicture:
    """A picture's place in the ranking: `rank` 1 is the most convincing, `index` is its record in the data set."""

    rank: int
    index: int
    score: float
    spread: float

    @property
    def caption(self) -> str:
        """Rank and score, short enough for a thumbnail."""
        return f"#{self.rank}  {self.score:.2f}"


def places(scores: Scores) -> list[RankedPicture]:
    """Return the places of all pictures, the most convincing first."""
    ranked = enumerate(scores.ranked().tolist(), 1)
    return [
        RankedPicture(rank, index, float(scores.mean[index]), float(scores.spread[index])) for rank, index in ranked
    ]


def table(ranking: Sequence[RankedPicture], members: Sequence[dict[str, Any]]) -> bytes:
    """Encode the ranking as CSV; `members` are the manifest's, one for each record of the data set."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for place in ranking:
        member = members[place.index]
        numbers = (place.rank, f"{place.score:.5f}", f"{place.spread:.5f}")
        origins = "; ".join(str(record.get("origin", "")) for record in member.get("origins", ()))
        writer.writerow((*numbers, *(member.get(name, "") for name in _COLUMNS[3:-1]), origins))
    return text.getvalue().encode()
