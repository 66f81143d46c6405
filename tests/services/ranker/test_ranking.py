import csv
import io

import numpy as np

from services.ranker.ranking import places, table
from services.ranker.scoring import Scores

SCORES = Scores(mean=np.array([-1.5, 12.25, 3.0]), spread=np.array([0.5, 0.25, 0.0]))
MEMBERS = [
    {
        "index": index,
        "name": f"{letter}-000",
        "picture": letter * 64,
        "image": letter.upper() * 64,
        "entry": letter * 20,
        "face": index,
        "origins": [{"origin": f"https://example.org/{letter}, {n}.png"} for n in range(index)],
    }
    for index, letter in enumerate("abc")
]


def test_the_most_convincing_picture_comes_first() -> None:
    found = places(SCORES)
    assert [(place.rank, place.index, place.score, place.spread) for place in found] == [
        (1, 1, 12.25, 0.25),
        (2, 2, 3.0, 0.0),
        (3, 0, -1.5, 0.5),
    ]
    assert [place.caption for place in found] == ["#1  12.25", "#2  3.00", "#3  -1.50"]


def test_the_table_says_which_picture_it_is_and_where_it_came_from() -> None:
    rows = list(csv.DictReader(io.StringIO(table(places(SCORES), MEMBERS).decode())))
    assert [row["name"] for row in rows] == ["b-000", "c-000", "a-000"]
    assert (rows[0]["rank"], rows[0]["score"], rows[0]["spread"]) == ("1", "12.25000", "0.25000")
    assert (rows[0]["picture"], rows[0]["image"], rows[0]["entry"], rows[0]["face"]) == (
        "b" * 64,
        "B" * 64,
        "b" * 20,
        "1",
    )
    assert [row["origins"] for row in rows] == [
        "https://example.org/b, 0.png",
        "https://example.org/c, 0.png; https://example.org/c, 1.png",
        "",
    ]
