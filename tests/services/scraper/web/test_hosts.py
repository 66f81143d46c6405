"""The pace of hosts, by a clock that a test sets."""

from contextlib import suppress
from datetime import datetime

import pytest

from services.scraper.web.hosts import Hosts
from services.scraper.web.politeness import Politeness, spoken
from shared.contract.errors import HostRefuses, Interrupted
from shared.contract.night import Night


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def hosts(time: Time) -> Hosts:
    return Hosts(time.clock, time.sleep)


def _ask(hosts: Hosts, host: str = "a.example", client: object = "client", pause: float = 1.0) -> None:
    with hosts.turn(host, Politeness(pause), lambda: False):
        hosts.requesting(host, client, pause)
        hosts.answered(host)


def test_a_host_is_asked_once_a_second(hosts: Hosts, time: Time) -> None:
    asked = []
    for _ in range(3):
        _ask(hosts)
        asked.append(time.now)
    assert asked == pytest.approx([0, 1, 2])


def test_only_the_same_host_is_waited_for(hosts: Hosts, time: Time) -> None:
    for host in ("a.example", "b.example", "c.example"):
        _ask(hosts, host)
    assert time.now == 0


def test_without_a_pause_nothing_is_waited_for(hosts: Hosts, time: Time) -> None:
    for _ in range(3):
        _ask(hosts, pause=0)
    assert time.now == 0


def test_the_pause_counts_from_the_beginning_of_the_answer(hosts: Hosts, time: Time) -> None:
    with hosts.turn("a.example", Politeness(), lambda: False):
        hosts.requesting("a.example", "client", 1.0)
        time.now += 3
        hosts.answered("a.example")
        time.now += 0.4
    _ask(hosts)
    assert time.now == pytest.approx(4)


def test_the_longest_pause_that_anybody_wants_holds_for_all(hosts: Hosts, time: Time) -> None:
    _ask(hosts, client="patient", pause=10)
    asked = []
    for _ in range(2):
        _ask(hosts, client="hasty", pause=0)
        asked.append(time.now)
    hosts.forget("patient")
    _ask(hosts, client="hasty", pause=0)
    assert [*asked, time.now] == pytest.approx([10, 20, 20])


@pytest.mark.parametrize("host", ["a.example", "b.example"])
def test_asked_to_stop_nobody_waits_for_a_turn_or_takes_one(hosts: Hosts, host: str) -> None:
    _ask(hosts, "a.example")
    with pytest.raises(Interrupted), hosts.turn(host, Politeness(), lambda: True):
        pass


def test_a_host_is_held_as_long_as_it_asks_for(hosts: Hosts, time: Time) -> None:
    hosts.hold("a.example", 30)
    hosts.hold("a.example", 0)
    _ask(hosts, pause=0)
    assert time.now == pytest.approx(30)


def _refuse(hosts: Hosts, politeness: Politeness, call: object = None, host: str = "a.example") -> int:
    return hosts.refused(host, call or object(), "HTTP 429", None, politeness)


def test_pauses_double_until_an_answer_is_good(hosts: Hosts, time: Time) -> None:
    politeness = Politeness(0, least_pause=0, back_off=2, longest_wait=10, refusals=100)
    waits = []
    for number in range(5):
        if number == 4:
            hosts.succeeded("a.example")
        before = time.now
        _refuse(hosts, politeness)
        _ask(hosts, pause=0)
        waits.append(round(time.now - before, 3))
    assert waits == [2, 4, 8, 10, 2]


def test_a_refusal_is_heeded_by_those_who_wait_for_nothing_else(hosts: Hosts, time: Time) -> None:
    politeness = Politeness(0, least_pause=0, back_off=0, refusals=100)
    assert [politeness.doubled(times) for times in (1, 2, 3)] == [0, 0, 0]
    _refuse(hosts, politeness)
    _refuse(hosts, politeness)
    _ask(hosts, pause=0)
    assert time.now == pytest.approx(2)


def test_a_host_that_refuses_again_and_again_is_left_alone_for_a_while(hosts: Hosts, time: Time) -> None:
    politeness = Politeness(refusals=3, closed=900)
    for _ in range(2):
        _refuse(hosts, politeness)
    with pytest.raises(HostRefuses) as refusal:
        _refuse(hosts, politeness)
    assert str(refusal.value) == (
        "a.example answered HTTP 429, 3 refusals in a row: nothing more is asked of it for 15 minutes; "
        "`magritte run RECIPE` or `magritte resume RUN` goes on later"
    )
    with pytest.raises(HostRefuses, match="HTTP 429"):
        _ask(hosts, client="another")
    _ask(hosts, "b.example")
    time.now += 901
    _ask(hosts)


def test_a_good_answer_ends_a_row_of_refusals(hosts: Hosts) -> None:
    politeness = Politeness(refusals=2, refused_calls=2)
    for _ in range(5):
        _refuse(hosts, politeness)
        hosts.succeeded("a.example")
    _refuse(hosts, politeness)
    with pytest.raises(HostRefuses):
        _refuse(hosts, politeness)


def test_one_call_that_is_refused_for_good_does_not_close_its_host(hosts: Hosts) -> None:
    politeness, first, second = Politeness(refusals=5, refused_calls=3), object(), object()
    rows = [_refuse(hosts, politeness, call) for call in [first] * 10 + [second] * 10]
    assert rows == [1] * 10 + [2] * 10
    with pytest.raises(HostRefuses, match="21 refusals in a row"):
        _refuse(hosts, politeness)


def test_a_host_of_which_nothing_can_be_had_is_left_alone(hosts: Hosts) -> None:
    for _ in range(Politeness().failures - 1):
        hosts.failed("a.example", "HTTP 502", Politeness())
    with pytest.raises(HostRefuses, match="has failed 20 times in a row, lastly with HTTP 502"):
        hosts.failed("a.example", "HTTP 502", Politeness())


@pytest.mark.parametrize(("seconds", "words"), [(90, "90 seconds"), (900, "15 minutes"), (86400, "24 hours")])
def test_times_are_told_in_fitting_units(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


def test_nothing_is_asked_at_night(time: Time) -> None:
    moments = iter([datetime(2026, 1, 1, hour, 30) for hour in (23, 3, 6, 7)])
    hosts = Hosts(time.clock, time.sleep, lambda: next(moments))
    with hosts.turn("a.example", Politeness(night=Night.of("22:00-07:00")), lambda: False):
        pass
    assert next(moments, None) is None


@pytest.mark.parametrize(
    ("night", "hours"), [("22:00-07:00", [*range(7), 22, 23]), ("01:00-03:00", [1, 2]), ("00:00-00:00", [])]
)
def test_a_night_may_begin_before_midnight(night: str, hours: list[int]) -> None:
    covered = [hour for hour in range(24) if Night.of(night).covers(datetime(2026, 1, 1, hour))]
    assert covered == hours


@pytest.mark.parametrize("text", ["", "22-7", "24:00-07:00", "22:60-07:00", "22:00", "22:00-07:00-08:00"])
def test_another_text_is_no_night(text: str) -> None:
    with pytest.raises(ValueError, match="write it as"):
        Night.of(text)


def test_of_many_hosts_only_those_with_something_to_remember_are_kept(hosts: Hosts, time: Time) -> None:
    hosts.hold("held.example", 1e6)
    with suppress(HostRefuses):
        _refuse(hosts, Politeness(refusals=1, refused_calls=1, closed=1e6), host="closed.example")
    for number in range(5000):
        _ask(hosts, f"{number}.example")
        time.now += 2
    assert len(hosts._hosts) <= 1001
    with pytest.raises(HostRefuses):
        _ask(hosts, "closed.example")
    assert hosts._hosts["held.example"].held_until == 1e6
