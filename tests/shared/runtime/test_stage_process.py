"""A container with two stages, on a bus in memory."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from shared.bus import MemoryBus
from shared.contract import keys
from shared.contract import messages as m
from shared.contract.declaration import Batching, Declaration
from shared.contract.environment import Environment
from shared.contract.errors import SettingsError, StoreUnavailable
from shared.contract.messages import Message
from shared.contract.owner import Owner, Received
from shared.contract.stage import Context, Stage
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.runtime.health import Health
from shared.runtime.stage_process import BROKEN, StageProcess
from shared.settings import settings
from shared.store import FolderStore
from tests.faults.place import wait_until

FETCHED = m.ImageFetched(run="anya-001", entry="0a" * 10, image="0b" * 32, source=0)


class Lens(Environment):
    """Variables of the first stage."""

    lens: int = 1


class First(Stage[m.ImageFetched, None]):
    """Hands on what was fetched to the second stage."""

    declaration = Declaration(name="pair", consumes=(m.ImageFetched,), produces=(m.SourceExhausted,), environment=Lens)

    def __init__(self) -> None:
        self.life: list[object] = []

    def setup(self, environment: Any, settings: None) -> None:
        self.life.append(environment)

    def process(self, message: m.ImageFetched, settings: None, context: Context) -> Iterable[Message]:
        return [m.SourceExhausted(run=message.run, source=0, count=1)]

    def close(self) -> None:
        self.life.append("closed")


class Second(Owner[m.SourceExhausted, None]):
    """Notes what it gets, and fails if it is to."""

    declaration = Declaration(
        name="pair", queue="pair.second", consumes=(m.SourceExhausted,), batching=Batching(gap=0.01, longest=0.05)
    )

    def __init__(self, failure: BaseException | None = None) -> None:
        self.heard: list[Message] = []
        self.life: list[object] = []
        self._failure = failure

    def setup(self, environment: Any, settings: None) -> None:
        self.life.append(environment)

    def process_batch(
        self, run: str, batch: Sequence[Received[m.SourceExhausted]], settings: None, context: Context
    ) -> Iterable[Message]:
        if self._failure is not None:
            raise self._failure
        self.heard += [received.message for received in batch]
        return ()

    def close(self) -> None:
        self.life.append("closed")


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    structlog.configure(processors=[_swallow])
    yield
    structlog.reset_defaults()


def _swallow(*_: Any) -> Any:
    raise structlog.DropEvent


class Running:
    """Such a process in a thread, and what it ended with."""

    def __init__(self, store: FolderStore, first: First, second: Second) -> None:
        self.bus = MemoryBus([first.declaration.inbox, second.declaration.inbox])
        self.ending = SimpleNamespace(requested=threading.Event(), insisted=threading.Event())  # without signals
        self.codes: list[int] = []
        process = StageProcess([first, second], self.bus, store, settings(), Health())
        assert process.begin(self.ending)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=lambda: self.codes.append(process.run(self.ending)))  # type: ignore[arg-type]
        self._thread.start()

    def end(self) -> int:
        self.ending.requested.set()
        self._thread.join(60)
        (code,) = self.codes
        return code


@pytest.fixture
def store(tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.setenv("MAGRITTE_THREADS", "2")
    store = FolderStore(tmp_path / "store")
    open_run(store, recipe)
    return store


def test_both_stages_work_and_end_together(store: FolderStore) -> None:
    first, second = First(), Second()
    running = Running(store, first, second)
    running.bus.publish(FETCHED)
    wait_until(lambda: len(second.heard) == 1, "the second stage")
    assert running.end() == 0
    assert (first.life, second.life) == ([Lens(), "closed"], [None, "closed"])


def test_a_stage_that_breaks_ends_the_other_one_too(store: FolderStore) -> None:
    first, second = First(), Second(SystemExit("a library leaves"))
    running = Running(store, first, second)
    running.bus.publish(FETCHED)
    wait_until(lambda: bool(running.codes), "the end of the process")
    assert running.end() == BROKEN
    assert first.life[-1] == second.life[-1] == "closed"


def test_variables_that_cannot_be_used_are_found_before_anything_is_waited_for(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGRITTE_LENS", "thick")
    with pytest.raises(SettingsError, match="MAGRITTE_LENS: "):
        StageProcess([First()], MemoryBus([First.declaration.inbox]), store, settings([Lens]), Health())


def test_one_stage_of_a_container_can_be_long_without_the_other(store: FolderStore) -> None:
    class Long(First):
        declaration = replace(First.declaration, long=True)

        def process(self, message: m.ImageFetched, settings: None, context: Context) -> Iterable[Message]:
            begun.set()
            wait_until(context.stopping, "the end")
            return ()

    begun = threading.Event()
    running = Running(store, Long(), Second())
    running.bus.publish(FETCHED)
    assert begun.wait(30)
    assert running.end() == 0


class _LateControls(FolderStore):
    """A store that is away when it is asked for the controls for the first time."""

    asked = 0

    def list(self, prefix: str) -> Iterator[str]:
        if prefix.startswith(keys.CONTROLS):
            self.asked += 1
            if self.asked == 1:
                raise StoreUnavailable("away")
        return super().list(prefix)


def test_nothing_is_taken_before_the_controls_are_known(tmp_path: Path) -> None:
    store = _LateControls(tmp_path)
    store.put(keys.paused("pair"), b"{}")
    second = Second()
    running = Running(store, First(), second)
    running.bus.publish(FETCHED)
    wait_until(lambda: store.asked >= 3, "two looks at the controls after the first one")
    assert running.bus.depths()["pair"].ready == 1
    assert running.end() == 0
    assert second.heard == []
