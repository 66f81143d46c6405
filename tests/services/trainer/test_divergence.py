import numpy as np
import pytest

from services.trainer.divergence import Divergence, check_state, check_ticks, check_updates
from services.trainer.stats import Statistics


def tick(number: int, *failed: str) -> Statistics:
    return Statistics(number, number / 2, 30.0, 100.0, 0.0, {}, failed)


def test_three_failed_ticks_in_a_row_are_poison_that_says_what_and_where() -> None:
    ticks = [tick(1), tick(2, "loss_d"), tick(3, "loss_d"), tick(4, "loss_d", "loss_g")]
    with pytest.raises(Divergence, match=r"at 2 kimg: loss_d, loss_g not finite in 3 ticks"):
        check_ticks(ticks)


def test_failed_ticks_with_good_ones_between_are_no_failure() -> None:
    check_ticks([tick(1, "loss_d"), tick(2, "loss_d"), tick(3), tick(4, "loss_d"), tick(5, "loss_d")])


def test_a_state_with_a_number_that_is_not_finite_is_poison_that_names_the_variable() -> None:
    state = {"G/bias": np.zeros(3, np.float32), "pl_mean": np.array(np.nan, np.float32), "step": np.array(4)}
    with pytest.raises(Divergence, match="pl_mean"):
        check_state(state)
    check_state(state | {"pl_mean": np.array(0.1, np.float32)})


def test_a_leg_that_skipped_most_of_its_updates_is_poison() -> None:
    with pytest.raises(Divergence, match="11 updates in 10 steps"):
        check_updates(steps=10, skipped=11)
    check_updates(steps=10, skipped=10)
