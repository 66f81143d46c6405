"""Turns at hosts that processes share, by a clock that a test sets."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.scraper.web.hosts import Hosts
from services.scraper.web.politeness import Politeness
from services.scraper.web.shared_turns import SharedTurns
from shared.contract.errors import HostRefuses, Interrupted
from tests.services.scraper.web.test_hosts import Time

Process = Callable[[], Hosts]
HOST = "a.example"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def process(tmp_path: Path, time: Time) -> Process:
    """The hosts as a further process of the machine has them."""
    return lambda: Hosts(time.clock, time.sleep, shared=SharedTurns(tmp_path / "hosts", time.clock))


def ask(hosts: Hosts, pause: float = 1.0, host: str = HOST, is_public: bool = True) -> None:
    with hosts.turn(host, Politeness(pause), lambda: False):
        hosts.requesting(host, "client", pause, is_public)
        hosts.answered(host)


def test_several_processes_ask_a_host_at_the_pace_of_one(process: Process, time: Time) -> None:
    asked = []
    for hosts in (process(), process(), process()) * 2:
        ask(hosts)
        asked.append(time.now)
    assert asked == pytest.approx([0, 1, 2, 3, 4, 5])


def test_another_host_is_not_waited_for(process: Process, time: Time) -> None:
    ask(process(), host="a.example")
    ask(process(), host="b.example")
    assert time.now == 0


def test_while_one_process_asks_a_host_the_others_wait(process: Process) -> None:
    looks = iter([False] * 5 + [True])
    with process().turn(HOST, Politeness(0), lambda: False):
        with pytest.raises(Interrupted), process().turn(HOST, Politeness(0), lambda: next(looks)):
            pass
        assert next(looks, None) is None
    with process().turn(HOST, Politeness(0), lambda: False):
        pass


def test_a_host_is_held_by_all_processes(process: Process, time: Time) -> None:
    process().hold(HOST, 30)
    ask(process())
    assert time.now == pytest.approx(30)


def test_a_closed_host_is_closed_to_all_processes_for_its_time(process: Process, time: Time) -> None:
    first = process()
    ask(first)
    first.closed(HOST, "answered HTTP 403", 900)
    time.now += 800
    with pytest.raises(HostRefuses) as refused:
        ask(process())
    assert "answered HTTP 403: nothing more is asked of it for 15 minutes" in str(refused.value)
    assert str(refused.value).endswith("(100 seconds are left)")
    time.now += 101
    ask(process())


def test_of_a_closing_and_a_shorter_one_the_longer_holds(process: Process, time: Time) -> None:
    first = process()
    ask(first)
    first.closed(HOST, "answered HTTP 403", 900)
    first.closed(HOST, "answered HTTP 429", 9)
    time.now += 100
    with pytest.raises(HostRefuses, match="HTTP 403"):
        ask(process())


def test_a_host_of_a_person_s_own_network_is_closed_to_one_process_alone(process: Process) -> None:
    first = process()
    ask(first, is_public=False)
    first.closed(HOST, "answered HTTP 403", 900)
    with pytest.raises(HostRefuses):
        ask(first)
    ask(process())


def test_times_of_a_clock_that_was_wrong_are_not_waited_for(process: Process, time: Time) -> None:
    time.now = 1e6
    first = process()
    ask(first)
    first.hold(HOST, 60)
    first.closed(HOST, "answered HTTP 403", 900)
    time.now = 0
    ask(process())
    assert time.now == 0


@pytest.mark.parametrize("content", ["", '{"host": "a.ex', "[]"])
def test_what_a_process_that_was_killed_has_left_does_no_harm(
    process: Process, time: Time, tmp_path: Path, content: str
) -> None:
    ask(process())
    (state,) = (tmp_path / "hosts").glob("*.json")
    state.write_text(content)
    ask(process())
    ask(process())
    assert time.now == pytest.approx(1)


def test_files_of_hosts_that_were_not_asked_for_a_day_are_removed(process: Process, time: Time, tmp_path: Path) -> None:
    ask(process())
    assert len(list((tmp_path / "hosts").iterdir())) == 2
    for path in (tmp_path / "hosts").iterdir():
        os.utime(path, (0, 0))
    time.now = 86401
    process()
    assert list((tmp_path / "hosts").iterdir()) == []


def test_what_another_process_has_removed_meanwhile_does_no_harm(process: Process, time: Time, tmp_path: Path) -> None:
    process()
    (tmp_path / "hosts" / "gone.lock").symlink_to("nowhere")  # listed, and not there
    with capture_logs() as logs:
        ask(process())
        ask(process())
    assert (logs, time.now) == ([], 1)


def test_a_lock_that_was_removed_meanwhile_is_taken_anew(process: Process, tmp_path: Path) -> None:
    hosts = process()
    with hosts.turn(HOST, Politeness(0), lambda: False):
        for path in (tmp_path / "hosts").iterdir():
            path.unlink()
    ask(hosts)
    assert len(list((tmp_path / "hosts").glob("*.lock"))) == 1


def test_without_a_folder_that_can_be_written_a_process_goes_on_alone_and_says_so(tmp_path: Path, time: Time) -> None:
    (tmp_path / "hosts").write_text("a file")
    with capture_logs() as logs:
        hosts = Hosts(time.clock, time.sleep, shared=SharedTurns(tmp_path / "hosts", time.clock))
        ask(hosts)
        ask(hosts)
    assert [entry["event"] for entry in logs] == ["pace of hosts not shared with other processes"]
    assert time.now == pytest.approx(1)


def test_a_host_that_was_asked_in_public_once_stays_so(process: Process) -> None:
    first = process()
    ask(first)
    ask(first, is_public=False)
    first.closed(HOST, "answered HTTP 403", 900)
    with pytest.raises(HostRefuses):
        ask(process())
