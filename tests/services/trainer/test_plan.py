import pytest

from services.trainer.plan import Plan
from shared.recipe import Training


def ends(plan: Plan, minibatch: int) -> list[int]:
    """Pictures shown at the end of each leg."""
    found = [0]
    while not plan.is_complete(found[-1]):
        images = found[-1]
        while images < plan.leg_end(found[-1]):
            images += minibatch
        found.append(images)
    return found[1:]


def test_the_official_minibatch_fits_legs_of_two_kimg_within_a_minibatch() -> None:
    plan = Plan.of(Training(kimg=6, leg_kimg=2, minibatch=32))
    assert ends(plan, 32) == [2016, 4000, 6016]


def test_the_last_leg_ends_with_the_training() -> None:
    assert ends(Plan.of(Training(kimg=5, leg_kimg=2, minibatch=10)), 10) == [2000, 4000, 5000]


def test_a_leg_is_one_minibatch_at_least() -> None:
    assert ends(Plan.of(Training(kimg=0.1, leg_kimg=0.001, minibatch=32)), 32) == [32, 64, 96, 128]


def test_thousandths_of_a_kimg_are_whole_pictures_whatever_floats_make_of_them() -> None:
    assert ends(Plan.of(Training(kimg=0.3, leg_kimg=0.1, minibatch=4)), 4) == [100, 200, 300]


@pytest.mark.parametrize(("minibatch", "expected"), [(100, [500, 1000, 1500, 2000]), (32, [512, 1024, 1504, 2016])])
def test_ticks_end_at_their_multiples(minibatch: int, expected: list[int]) -> None:
    plan = Plan.of(Training(kimg=10, leg_kimg=2, tick_kimg=0.5, minibatch=minibatch))
    steps = range(minibatch, 2000 + minibatch, minibatch)
    assert [after for after in steps if plan.ends_tick(after - minibatch, after)] == expected


def test_a_leg_ends_a_tick_that_has_begun() -> None:
    plan = Plan.of(Training(kimg=10, leg_kimg=0.7, tick_kimg=0.5, minibatch=100))
    assert [after for after in range(100, 1500, 100) if plan.ends_tick(after - 100, after)] == [500, 700, 1000, 1400]
