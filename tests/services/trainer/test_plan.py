from typing import Any

import pytest

from services.trainer.plan import Plan
from shared.recipe.training import Training


def planned(**settings: Any) -> Plan:
    return Plan.of(Training(**settings).resolved(64))


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
    plan = planned(kimg=6, leg_kimg=2, minibatch=32)
    assert ends(plan, 32) == [2016, 4000, 6016]


def test_the_last_leg_ends_with_the_training() -> None:
    assert ends(planned(kimg=5, leg_kimg=2, minibatch=10), 10) == [2000, 4000, 5000]


def test_a_leg_is_one_minibatch_at_least() -> None:
    assert ends(planned(kimg=0.1, leg_kimg=0.001, minibatch=32), 32) == [32, 64, 96, 128]


def test_thousandths_of_a_kimg_are_whole_pictures_whatever_floats_make_of_them() -> None:
    assert ends(planned(kimg=0.3, leg_kimg=0.1, minibatch=4), 4) == [100, 200, 300]


@pytest.mark.parametrize(("minibatch", "expected"), [(100, [500, 1000, 1500, 2000]), (32, [512, 1024, 1504, 2016])])
def test_ticks_end_at_their_multiples(minibatch: int, expected: list[int]) -> None:
    ticks = planned(kimg=10, leg_kimg=2, tick_kimg=0.5, minibatch=minibatch)
    steps = range(minibatch, 2000 + minibatch, minibatch)
    assert [after for after in steps if ticks.ends_tick(after - minibatch, after)] == expected


def test_a_leg_ends_a_tick_that_has_begun() -> None:
    ticks = planned(kimg=10, leg_kimg=0.7, tick_kimg=0.5, minibatch=100)
    assert [after for after in range(100, 1500, 100) if ticks.ends_tick(after - 100, after)] == [500, 700, 1000, 1400]


def test_a_leg_is_one_step_at_least_however_often_d_learns_in_it() -> None:
    assert planned(kimg=1, leg_kimg=0.001, minibatch=32, d_repeats=3).leg == 96


def test_kimg_are_counted_from_where_the_recipe_says() -> None:
    going_on = planned(kimg=60, resume_kimg=10_000, minibatch=32)
    assert (going_on.kimg(2000), going_on.total) == (10_002.0, 60_000)
