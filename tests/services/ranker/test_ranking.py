import numpy as np
import pytest

from services.ranker.ranking import RankedPicture, ranking
from services.ranker.scoring import Scores
from services.ranker.strangeness import Strangeness

STRANGE = Strangeness(
    {
        "shape": np.array([0.0, 0.5, 9.0, -1.0, 0.2]),
        "colours": np.array([-1.0, -1, -1, -1, -1]),
        "sharpness": np.array([-1.0, 0.8, 0, -2, -1]),
        "tones": np.array([-1.0, -1, -1, -2, -1]),
        "grain": np.array([-1.0, -1, -1, -2, -1]),
    }
)
SCORES = Scores(mean=np.array([1.0, 2.0, 9.0, 0.0, -8.0]), spread=np.array([0.5, 0.25, 0.0, 0.1, 0.2]))


def by_index(scores: Scores | None) -> dict[int, RankedPicture]:
    return {each.index: each for each in ranking(STRANGE, scores)}


def test_the_worse_of_the_two_signals_counts_by_how_far_it_is_off() -> None:
    found = ranking(STRANGE, SCORES)
    assert [each.rank for each in found] == [1, 2, 3, 4, 5]
    assert [each.index for each in found] == [0, 1, 3, 2, 4]
    assert (found[3].belonging, found[4].doubt) == (9, 9)


def test_the_signals_are_ranked_apart() -> None:
    found = by_index(SCORES)
    assert [found[index].quality_rank for index in range(5)] == [3, 2, 1, 4, 5]
    assert [found[index].belonging_rank for index in range(5)] == [2, 4, 5, 1, 3]
    assert [(found[index].quality, found[index].spread) for index in (2, 4)] == [(9, 0), (-8, 0.2)]
    assert [found[index].mostly for index in (1, 2)] == ["sharpness", "shape"]


def test_without_a_network_what_is_strange_counts_alone() -> None:
    found = by_index(None)
    assert all(each.rank == each.belonging_rank for each in found.values())
    assert (found[4].quality, found[4].spread, found[4].doubt, found[4].quality_rank) == (None, None, None, None)
    assert found[4].why == "shape 0.2"


def test_a_caption_names_the_signal_that_the_rank_follows_from() -> None:
    found = by_index(SCORES)
    assert (found[2].why, found[4].why) == ("shape 9.0", "quality -8.00")


@pytest.mark.parametrize("count", [1, 2])
def test_equal_pictures_keep_their_order(count: int) -> None:
    nothing = dict.fromkeys(("shape", "colours", "sharpness", "tones", "grain"), np.zeros(count))
    found = ranking(Strangeness(nothing), Scores(np.full(count, 3.0), np.zeros(count)))
    assert [(each.index, each.rank) for each in found] == [(index, index + 1) for index in range(count)]
