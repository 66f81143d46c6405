import math

import pytest

from services.magritte import pruning
from services.magritte.ranked_faces import newest_ranking, read_ranking
from shared.contract.errors import NotFound, Unreadable
from shared.contract.items import Face
from shared.store import FolderStore
from tests.services.magritte.rankings import HEAD, row, table
from tests.services.magritte.trained_runs import faces, ranked
from tests.services.magritte.verdict_runs import ENTRIES

__all__ = ["faces", "ranked"]  # fixtures


def test_a_ranking_is_read_with_the_best_face_first() -> None:
    first, second = read_ranking(table(row(2, "-1.0"), row(1, "-0.5")), "r.csv")
    assert (first.rank, first.quality, first.item, first.image) == (1, -0.5, Face(f"{1:020x}", 0), f"{1:064x}")
    assert (second.rank, second.quality) == (2, -1.0)


def test_a_ranking_of_before_has_its_quality_as_score() -> None:
    (face,) = read_ranking(table(row(1, "-2.25"), head=HEAD.replace("quality", "score")), "r.csv")
    assert face.quality == -2.25


def test_a_face_that_no_network_has_scored_is_below_nothing() -> None:
    faces = read_ranking(table(row(1, ""), row(2, "-3")), "r.csv")
    assert math.isnan(faces[0].quality)
    assert [face.rank for face in pruning.below(faces, 1e9)] == [2]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "r.csv has no line with the columns `rank`, `entry`, `face` and `image`"),
        (table(), "r.csv has no faces"),
        (b"rank,name\n1,x\n", "r.csv has no line with the columns"),
        (table(row(1).replace("1.5", "good")), r"r\.csv:2: rank, face or quality is no number"),
        (table(row(1), row(2, decision="maybe")), r"r\.csv:3: 'maybe' is no decision"),
        (b"\x89PNG\r\n", "r.csv has no line with the columns"),
        (table("1"), r"r\.csv:2: rank, face or quality"),
    ],
)
def test_what_is_no_ranking_is_named(content: bytes, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        read_ranking(content, "r.csv")


def test_a_ranking_that_a_spreadsheet_has_saved_is_read() -> None:
    text = (
        table(row(2, "1,25", "Drop"), row(1)).decode().replace("1,25", "1;25").replace(",", ";").replace("1;25", "1,25")
    )
    first, second = read_ranking(b"\xef\xbb\xbf" + text.replace("rank", "Rank", 1).encode(), "r.csv")
    assert (first.rank, first.decision, second.quality, second.decision) == (1, "", 1.25, "drop")


def test_a_face_that_comes_twice_is_one() -> None:
    assert [face.rank for face in read_ranking(table(row(1), row(2), row(1), row(2)), "r.csv")] == [1, 2]


def test_the_newest_ranking_of_a_run_is_read_from_the_store(store: FolderStore, ranked: str) -> None:
    assert [face.item.entry for face in newest_ranking(store, ranked)] == [ENTRIES[1], ENTRIES[0], ENTRIES[2]]


def test_a_run_without_a_ranking_says_how_to_get_one(store: FolderStore, faces: str) -> None:
    with pytest.raises(NotFound, match="`magritte rank anya-001` makes one"):
        newest_ranking(store, faces)
