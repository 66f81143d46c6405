import threading
from collections.abc import Callable
from typing import Any

import pytest

from shared.contract.errors import Interrupted, TimeLimitExceeded
from shared.runtime.time_limit import GivenUp, TimeLimit


def limit(seconds: float, stopping: bool = False) -> TimeLimit:
    return TimeLimit(seconds, lambda: stopping)


def given_up(limit: TimeLimit, work: Callable[[Callable[[], bool]], Any]) -> TimeLimitExceeded | Interrupted | None:
    """Do the work in a supervised thread, and return why it was given up; None when it was not."""
    errors = []

    def serve(given_up: GivenUp | None) -> None:
        if given_up is None:
            limit.call(work)
        errors.append(given_up and given_up.error)

    limit.supervise(serve)
    (error,) = errors
    return error


class Hanging:
    """Work that goes on until the test is over, or until it is given up, if it `heeds` that."""

    def __init__(self, heeds: bool = False) -> None:
        self._heeds = heeds
        self.over = threading.Event()
        self.ended = threading.Event()

    def __call__(self, given_up: Callable[[], bool]) -> None:
        while not self.over.wait(0.01) and not (self._heeds and given_up()):
            pass
        self.ended.set()


@pytest.fixture
def hanging() -> Hanging:
    return Hanging()


def test_what_the_work_returns_is_returned() -> None:
    here, returned = limit(30), list[tuple[bool, int]]()
    here.supervise(lambda _: returned.append(here.call(lambda given_up: (given_up(), 7))))
    assert returned == [(False, 7)]


def test_what_the_work_raises_is_raised() -> None:
    def work(given_up: Callable[[], bool]) -> None:
        raise TimeoutError("its own")

    here = limit(30)
    with pytest.raises(TimeoutError, match="its own"):
        here.supervise(lambda _: here.call(work))


def test_the_thread_that_asks_does_the_work() -> None:
    here, threads = limit(30), list[tuple[int, int]]()
    here.supervise(lambda _: threads.append((threading.get_ident(), here.call(lambda _: threading.get_ident()))))
    ((asking, working),) = threads
    assert asking == working != threading.get_ident()


def test_a_thread_that_nobody_supervises_has_no_limit() -> None:
    assert limit(0.0).call(lambda given_up: threading.Event().wait(0.3) or given_up()) is False


def test_work_that_hangs_is_left_behind(hanging: Hanging) -> None:
    error = given_up(limit(0.3), hanging)
    assert (type(error), str(error)) == (TimeLimitExceeded, "not done after 0.3 s")
    assert not hanging.ended.is_set()
    hanging.over.set()


def test_a_thread_that_was_left_behind_does_nothing_more_once_its_work_ends(hanging: Hanging) -> None:
    here, after = limit(0.3), list[str]()

    def serve(given_up: GivenUp | None) -> None:
        if given_up is None:
            here.call(hanging)
        after.append("left" if given_up is None else "new")

    here.supervise(serve)
    hanging.over.set()
    assert hanging.ended.wait(30)
    assert after == ["new"]


def test_each_work_has_the_whole_limit() -> None:
    here, done = limit(0.6), list[bool]()

    def serve(given_up: GivenUp | None) -> None:
        done.extend(here.call(lambda _: threading.Event().wait(0.3)) for _ in range(4))

    here.supervise(serve)
    assert done == [False] * 4


def test_work_is_told_that_it_has_been_given_up() -> None:
    heeding = Hanging(heeds=True)
    assert isinstance(given_up(limit(0.3), heeding), TimeLimitExceeded)
    assert heeding.ended.wait(30)


def test_who_is_asked_to_end_does_not_wait_for_the_limit(hanging: Hanging) -> None:
    assert isinstance(given_up(limit(3600, stopping=True), hanging), Interrupted)
    hanging.over.set()


def test_what_is_nearly_done_is_finished_when_asked_to_end() -> None:
    assert given_up(limit(3600, stopping=True), lambda given_up: threading.Event().wait(0.5)) is None


def test_a_thread_counts_as_hanging_until_it_ends(hanging: Hanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.time_limit.ENDS", 0.0)
    here = limit(0.3)
    assert given_up(here, hanging)
    assert here.hanging == 1
    hanging.over.set()
    assert hanging.ended.wait(30)
    while here.hanging:
        threading.Event().wait(0.01)
