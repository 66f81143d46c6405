import pytest

from shared.contract.errors import BusUnavailable, NotFound, Poison, StoreFull, StoreUnavailable, Transient
from shared.runtime.retry import IN_PROCESS, RetryLadder

LADDER = RetryLadder((1.0, 5.0, 30.0))


@pytest.mark.parametrize("error", [Transient(), NotFound(), ValueError(), OSError(), MemoryError()], ids=repr)
def test_pauses_grow_until_the_item_is_dead(error: Exception) -> None:
    assert [LADDER.pause(attempt, error) for attempt in range(1, 6)] == [1.0, 5.0, 30.0, None, None]


def test_poison_is_never_tried_again() -> None:
    assert LADDER.pause(1, Poison()) is None


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreFull(), BusUnavailable()], ids=repr)
def test_an_item_is_not_to_blame_for_a_store_or_bus_that_is_away(error: Exception) -> None:
    assert [LADDER.pause(attempt, error) for attempt in (1, 2, 3, 4, 1000)] == [1.0, 5.0, 30.0, 30.0, 30.0]


def test_a_ladder_is_exhausted_after_its_last_pause() -> None:
    assert [LADDER.is_exhausted(attempt) for attempt in (1, 3, 4)] == [False, False, True]


def test_in_one_process_pauses_grow_and_end_within_seconds() -> None:
    assert list(IN_PROCESS.pauses) == sorted(IN_PROCESS.pauses)
    assert 0 < sum(IN_PROCESS.pauses) < 10
