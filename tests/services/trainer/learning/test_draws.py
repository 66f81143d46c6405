import numpy as np
from keras import ops

from services.trainer.learning.draws import Draws, happens, integer


def draws(*seed: int) -> Draws:
    return Draws(ops.convert_to_tensor(np.array(seed)))


def series(*seed: int) -> list[np.ndarray]:
    source = draws(*seed)
    return [np.array(drawn) for drawn in (source.normal((3,)), source.normal((3,)), source.uniform((20,)))]


def test_the_same_seed_gives_the_same_series():
    for first, second in zip(series(1, 0, 64), series(1, 0, 64), strict=True):
        np.testing.assert_array_equal(first, second)


def test_draws_differ_from_each_other_and_between_seeds_parts_and_steps():
    rows = [row for seed in [(1, 0, 0), (1, 0, 64), (1, 1, 0), (2, 0, 0)] for row in series(*seed)[:2]]
    assert len({row.tobytes() for row in rows}) == 8


def test_integers_cover_the_half_open_range():
    assert set(np.array(integer(draws(1, 0, 0), 1, 4, (60,))).tolist()) == {1, 2, 3}


def test_what_happens_happens_with_its_probability():
    share = np.mean(happens(draws(1, 0, 0), 0.9, (10000,)))
    assert abs(share - 0.9) < 0.02
