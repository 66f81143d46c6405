from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
import structlog
from structlog.testing import capture_logs

from shared.contract import keys
from shared.contract.errors import SettingsError, StoreUnavailable
from shared.contract.events import Emitted, Event, Level
from shared.runs.events import last_events
from shared.runtime.last_events import LastEvents
from shared.store import FolderStore

RUN = "anya-001"


class Measured(Event):
    """Something has been measured."""

    depth: int


class Broken(Event):
    """The measure is broken."""

    level = Level.WARNING

    part: int


class Whispered(Event):
    """Something has happened that nobody needs to know later."""

    kept: ClassVar[bool] = False


class Counting(FolderStore):
    """A store that counts what is put, and fails with `failure` if it has one."""

    puts = 0
    failure: Exception | None = None

    def put(self, key: str, data: bytes) -> None:
        self.puts += 1
        if self.failure is not None:
            raise self.failure
        super().put(key, data)


class Watch:
    """A clock that somebody sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    return Counting(tmp_path / "store")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def last(store: Counting, watch: Watch) -> LastEvents:
    return LastEvents(store, watch)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def emitted(event: Event, run: str = RUN) -> Emitted:
    return Emitted(event, "surveyor", run, "run", datetime.now(UTC))


def depth(store: Counting, run: str = RUN) -> int:
    (found,) = last_events(store, run)
    return int(found.fields["depth"])


def test_the_first_event_is_written_at_once_and_the_next_ones_every_few_seconds(
    store: Counting, watch: Watch, last: LastEvents
) -> None:
    seen = []
    for second in range(11):
        watch.now = float(second)
        last.note(emitted(Measured(depth=second)))
        seen.append(depth(store))
    assert seen == [0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 10]
    assert store.puts == 3


def test_the_last_event_is_in_the_store_once_the_work_is_done(store: Counting, last: LastEvents) -> None:
    for number in range(3):
        last.note(emitted(Measured(depth=number)))
    last.flush(RUN)
    assert depth(store) == 2
    last.flush(RUN)
    assert store.puts == 2


def test_a_warning_never_waits(store: Counting, last: LastEvents) -> None:
    for number in range(3):
        last.note(emitted(Broken(part=number)))
        assert last_events(store, RUN)[0].fields == {"part": number}


def test_kinds_and_runs_do_not_wait_for_one_another(store: Counting, last: LastEvents) -> None:
    last.note(emitted(Measured(depth=1)))
    last.note(emitted(Broken(part=1)))
    last.note(emitted(Measured(depth=2), "anya-002"))
    assert store.puts == 3
    last.note(emitted(Measured(depth=3)))
    last.note(emitted(Measured(depth=4), "anya-002"))
    last.flush("anya-002")
    assert depth(store, "anya-002") == 4
    assert {event.kind: event.fields for event in last_events(store, RUN)}["measured"] == {"depth": 1}


def test_an_event_that_is_not_to_be_kept_is_not(store: Counting, last: LastEvents) -> None:
    last.note(emitted(Whispered()))
    last.flush(RUN)
    assert store.puts == 0


@pytest.mark.parametrize("failure", [StoreUnavailable("away"), SettingsError("refused"), ValueError("a library's")])
def test_a_store_that_fails_is_told_of_once_and_costs_nothing_but_events(
    store: Counting, watch: Watch, last: LastEvents, failure: Exception
) -> None:
    store.failure = failure
    with capture_logs() as lines:
        for second in (0.0, 1.0, 5.0, 59.0, 60.0):
            watch.now = second
            last.note(emitted(Measured(depth=int(second))))
    assert store.puts == 2  # each may take until a time limit that is long, and the work waits
    assert [(line["event"], line["log_level"], line["error"]) for line in lines] == [
        ("event-not-kept", "warning", str(failure))
    ]


def test_an_event_that_could_not_be_written_is_written_when_the_work_is_done(store: Counting, last: LastEvents) -> None:
    store.failure = StoreUnavailable("away")
    last.note(emitted(Measured(depth=1)))
    store.failure = None
    last.flush(RUN)
    assert depth(store) == 1


def test_what_could_not_be_written_in_the_end_is_let_go(store: Counting, last: LastEvents) -> None:
    store.failure = StoreUnavailable("away")
    last.note(emitted(Measured(depth=1)))
    last.flush(RUN)
    store.failure = None
    last.flush(RUN)
    assert not store.exists(keys.event(RUN, "surveyor", "measured"))


def test_another_failure_after_the_store_was_back_is_told_again(
    store: Counting, watch: Watch, last: LastEvents
) -> None:
    with capture_logs() as lines:
        for second, failure in enumerate((StoreUnavailable("one"), None, StoreUnavailable("two"))):
            store.failure, watch.now = failure, 60.0 * second
            last.note(emitted(Measured(depth=second)))
    assert [line["error"] for line in lines] == ["one", "two"]
