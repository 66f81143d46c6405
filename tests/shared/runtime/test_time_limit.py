import threading
from collections.abc import Callable

import pytest

from shared.contract.errors import Interrupted, TimeLimitExceeded
from shared.runtime.time_limit import TimeLimit


def limit(seconds: float, stopping: bool = False) -> TimeLimit:
    return TimeLimit(seconds, lambda: stopping)


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
    assert limit(30).call(lambda given_up: (given_up(), 7)) == (False, 7)


def test_what_the_work_raises_is_raised() -> None:
    def work(given_up: Callable[[], bool]) -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        limit(30).call(work)


def test_one_thread_works_for_one_thread() -> None:
    here = limit(30)
    names = {here.call(lambda given_up: threading.get_ident()) for _ in range(3)}
    assert len(names) == 1
    assert names != {threading.get_ident()}


def test_work_that_hangs_is_left_behind(hanging: Hanging) -> None:
    here = limit(0.3)
    with pytest.raises(TimeLimitExceeded, match=r"not done after 0\.3 s"):
        here.call(hanging)
    assert here.call(lambda given_up: "the next") == "the next"
    assert not hanging.ended.is_set()
    hanging.over.set()


def test_work_is_told_that_it_has_been_given_up() -> None:
    heeding = Hanging(heeds=True)
    with pytest.raises(TimeLimitExceeded):
        limit(0.3).call(heeding)
    assert heeding.ended.wait(30)


def test_who_is_asked_to_end_does_not_wait_for_the_limit(hanging: Hanging) -> None:
    with pytest.raises(Interrupted):
        limit(3600, stopping=True).call(hanging)
    hanging.over.set()


def test_what_is_nearly_done_is_finished_when_asked_to_end() -> None:
    assert limit(3600, stopping=True).call(lambda given_up: threading.Event().wait(0.5)) is False


def test_a_thread_counts_as_hanging_until_it_ends(hanging: Hanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.time_limit.ENDS", 0.0)
    here = limit(0.3)
    with pytest.raises(TimeLimitExceeded):
        here.call(hanging)
    assert here.hanging == 1
    hanging.over.set()
    assert hanging.ended.wait(30)
    while here.hanging:
        threading.Event().wait(0.01)


def test_a_thread_that_is_not_needed_any_more_ends() -> None:
    here = limit(30)
    worker = here.call(lambda given_up: threading.current_thread())
    here.release()
    worker.join(30)
    assert not worker.is_alive()
