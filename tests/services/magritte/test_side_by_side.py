import threading
from collections.abc import Iterator

import pytest

from services.magritte.side_by_side import side_by_side


def test_results_come_in_order_with_what_they_are_of() -> None:
    assert list(side_by_side(lambda number: number * 2, range(20), 3)) == [(n, n * 2) for n in range(20)]


def test_several_are_worked_on_at_a_time() -> None:
    both = threading.Barrier(2, timeout=30)

    def work(number: int) -> int:
        both.wait()
        return number

    assert [result for _, result in side_by_side(work, range(4), 2)] == [0, 1, 2, 3]


def test_no_more_is_begun_than_can_be_worked_on_before_results_are_taken() -> None:
    begun: list[int] = []

    def things() -> Iterator[int]:
        for number in range(100):
            begun.append(number)
            yield number

    results = side_by_side(lambda number: number, things(), 2)
    next(results)
    assert begun == [0, 1, 2]


def test_an_error_is_raised_when_its_thing_is_due_and_ends_the_work() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 1:
            raise ValueError("one")
        done.append(number)
        return number

    results = side_by_side(work, range(1000), 2)
    assert next(results) == (0, 0)
    with pytest.raises(ValueError, match="one"):
        next(results)
    assert len(done) < 10
