from collections import Counter

import numpy as np
import pytest

from services.ranker.scoring import Chosen, Logits, Rule, Scores, minibatch, score, together


class Watching:
    """A discriminator that likes pictures with high numbers, a little more in a minibatch of high numbers."""

    def __init__(self) -> None:
        self.minibatches: list[list[int]] = []

    def __call__(self, chosen: Chosen) -> Logits:
        numbers = chosen.astype(float)
        self.minibatches.append(chosen.tolist())
        return (numbers - 50 + numbers.mean() / 1000).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 11, 200])
def test_every_picture_gets_its_score_whatever_their_number(count: int) -> None:
    discriminator = Watching()
    scores = score(count, discriminator, Rule(minibatch(count, 4, 2), shuffles=5, seed=1))
    assert np.allclose(scores.mean, np.arange(count) - 50, atol=0.3)
    assert np.argsort(scores.mean).tolist() == list(range(count))


@pytest.mark.parametrize(("count", "size"), [(11, 4), (9, 8), (8, 8), (3, 3), (1, 1)])
def test_all_minibatches_are_full_and_no_picture_meets_itself(count: int, size: int) -> None:
    discriminator = Watching()
    score(count, discriminator, Rule(size, shuffles=7, seed=1))
    assert {len(batch) for batch in discriminator.minibatches} == {size}
    assert all(len(set(batch)) == size for batch in discriminator.minibatches)


def test_a_picture_is_scored_once_a_shuffle_besides_keeping_others_company() -> None:
    discriminator = Watching()
    score(10, discriminator, Rule(4, shuffles=6, seed=1))
    assert len(discriminator.minibatches) == 6 * 3
    for start in range(0, 18, 3):
        order = np.concatenate(discriminator.minibatches[start : start + 3])[:10].tolist()
        assert sorted(order) == list(range(10))


def test_company_is_drawn_from_the_whole_set() -> None:
    discriminator = Watching()
    score(40, discriminator, Rule(4, shuffles=100, seed=1))
    met = Counter(other for batch in discriminator.minibatches if 0 in batch for other in batch if other)
    assert len(met) == 39


def test_mean_and_spread_are_those_of_a_pictures_scores() -> None:
    answers = iter([1.0, 3.0, 8.0])
    scores = score(1, lambda batch: np.array([next(answers)], np.float32), Rule(1, shuffles=3, seed=0))
    assert scores.mean == pytest.approx([4.0])
    assert scores.spread == pytest.approx([np.std([1.0, 3.0, 8.0])])


def test_a_seed_gives_the_same_scores_again_and_another_one_other_company() -> None:
    def spread(seed: int) -> list[float]:
        return score(30, Watching(), Rule(8, shuffles=3, seed=seed)).spread.tolist()

    assert spread(1) == spread(1) != spread(2)


@pytest.mark.parametrize(
    ("count", "group", "resolution", "expected"),
    [(1000, 4, 512, 8), (1000, 4, 1024, 4), (1000, 4, 64, 64), (11, 4, 64, 8), (3, 4, 64, 3), (1000, 6, 1024, 6)],
)
def test_a_minibatch_is_whole_groups_that_fit_memory(count: int, group: int, resolution: int, expected: int) -> None:
    assert minibatch(count, group, resolution) == expected


def test_a_doubt_is_how_far_a_score_is_below_the_middle_by_the_usual_difference() -> None:
    scores = Scores(np.array([5.0, 3.0, 1.0, -9.0, 7.0]), np.zeros(5))
    assert scores.doubts().tolist() == [-1, 0, 1, 6, -2]
    assert Scores(np.full(3, 2.0), np.zeros(3)).doubts().tolist() == [0, 0, 0]


def test_scores_by_one_discriminator_are_as_they_are_and_by_several_count_alike() -> None:
    one = Scores(np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.0, 0.0]))
    other = Scores(np.array([-300.0, 100.0, 0.0]), np.array([0.0, 0.0, 100.0]))
    assert together([one]) is one
    both = together([one, other])
    assert both.mean.tolist() == [-2, 0.5, 0.5]
    assert both.spread.tolist() == pytest.approx([(0.125 + 1) ** 0.5, 0.5, (0.5 + 0.25) ** 0.5])
