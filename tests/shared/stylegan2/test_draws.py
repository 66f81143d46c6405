import numpy as np
import tensorflow as tf

from shared.stylegan2.draws import Draws


def series(*seed: int) -> list[np.ndarray]:
    draws = Draws(tf.constant(seed))
    return [draws.normal((3,)).numpy(), draws.normal((3,)).numpy(), draws.happens(0.5, (20,)).numpy()]


def test_the_same_seed_gives_the_same_series():
    for first, second in zip(series(1, 64), series(1, 64), strict=True):
        np.testing.assert_array_equal(first, second)


def test_draws_differ_from_each_other_and_between_seeds_and_steps():
    rows = [row for seed in [(1, 0), (1, 64), (2, 0)] for row in series(*seed)[:2]]
    assert len({row.tobytes() for row in rows}) == 6


def test_integers_cover_the_half_open_range():
    draws = Draws(tf.constant([1, 0]))
    assert {int(draws.integer(1, 4)) for _ in range(60)} == {1, 2, 3}


def test_what_happens_happens_with_its_probability():
    share = np.mean(Draws(tf.constant([1, 0])).happens(0.9, (10000,)))
    assert abs(share - 0.9) < 0.02
