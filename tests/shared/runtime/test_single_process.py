"""A small pipeline in one process: a source, a stage in the middle, and a sink that keeps the tally."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from shared.bus import FaultInjection
from shared.contract.declaration import Batching, Declaration
from shared.contract.environment import Environment
from shared.contract.errors import Interrupted, Poison, SettingsError, StoreFull, Unusable
from shared.contract.facts import RunFact
from shared.contract.messages import (
    FaceNormalized,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ItemDied,
    Message,
    RunRequested,
    SourceExhausted,
)
from shared.contract.owner import Owner, Received
from shared.contract.reasons import Reason
from shared.contract.stage import Context, Stage
from shared.ledger import journal
from shared.ledger.fates import Fate
from shared.ledger.progress import Phase
from shared.ledger.tally import Tally
from shared.recipe.recipe import Recipe
from shared.runs.controls import cancel, pause, unpause
from shared.runs.registry import Run, open_run, phase_of, read_state, try_again
from shared.runtime.outcome import Outcome
from shared.runtime.resources import Resources
from shared.runtime.retry import RetryLadder
from shared.runtime.single_process import Options, SingleProcess, StageProgress
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, tally_of

PICTURES = 40
LADDER = RetryLadder((0.001, 0.002))
SOON = 20.0
"""Seconds within which what must happen happens, on any machine."""


@pytest.fixture(autouse=True)
def _no_log_lines() -> Iterator[None]:
    structlog.configure(processors=[_swallow])
    yield
    structlog.reset_defaults()


def _swallow(*_: Any) -> Any:
    raise structlog.DropEvent


OUTCOMES = (FacesCounted, FaceNormalized, ImageDropped)


class Source(Stage[RunRequested, None]):
    """Lists `PICTURES` pictures, as fast as it may."""

    declaration = Declaration(
        name="source", consumes=(RunRequested,), produces=(ImageFetched, SourceExhausted), threads=1
    )

    def __init__(self) -> None:
        self.listed = 0

    def process(self, message: RunRequested, settings: None, context: Context) -> Iterator[Message]:
        for number in range(PICTURES):
            if context.stopping():
                raise Interrupted
            self.listed += 1
            yield ImageFetched(run=message.run, entry=f"{number:020x}", image=f"{number:064x}", source=message.source)
        yield list_entries(
            context.store, message.run, {f"{number:020x}": {} for number in range(PICTURES)}, message.source
        )


@dataclass(frozen=True)
class Wish:
    """The settings of `Middle`."""

    name: str


class Middle(Stage[ImageFetched, Wish]):
    """Drops every fifth picture, finds a face in the others; `before` happens first."""

    declaration = Declaration(name="middle", consumes=(ImageFetched,), produces=OUTCOMES)

    def __init__(self, before: Callable[[int], object] = lambda number: None) -> None:
        self.before = before
        self.processed: list[int] = []
        self.life: list[str] = []

    def settings(self, recipe: Recipe) -> Wish:
        return Wish(recipe.name)

    def setup(self, environment: None, settings: Wish | None) -> None:
        self.life.append(f"set up for {settings.name if settings else 'anything'}")

    def inputs(self, message: ImageFetched, settings: Wish) -> Mapping[str, str]:
        return {"image": message.image}

    def process(self, message: ImageFetched, settings: Wish, context: Context) -> Iterable[Message]:
        number = int(message.entry, 16)
        self.before(number)
        self.processed.append(number)
        about = {"run": message.run, "entry": message.entry, "image": message.image}
        if number % 5 == 0:
            return [ImageDropped(run=message.run, entry=message.entry, stage=self.name, reason=Reason.NO_FACE)]
        return [
            FacesCounted.model_validate(about | {"faces": 1}),
            FaceNormalized.model_validate(about | {"face": 0, "picture": message.image}),
        ]

    def close(self) -> None:
        self.life.append("closed")


class Sink(Owner[Message, None]):
    """Hears of everything, one batch at a time, and writes it into the run's journal."""

    declaration = Declaration(
        name="sink", consumes=(*OUTCOMES, SourceExhausted, ItemDied), batching=Batching(gap=0.01, longest=0.05)
    )

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.before = before
        self.heard: list[Message] = []
        self._alone = threading.Lock()

    def process_batch(
        self, run: str, batch: Sequence[Received[Message]], settings: None, context: Context
    ) -> Iterable[Message]:
        if not self._alone.acquire(blocking=False):
            raise Poison("two threads at once")
        self.before()
        number = 1
        while not journal.append(context.store, run, number, [received.line for received in batch]):
            number += 1
        self.heard += [received.message for received in batch]
        self._alone.release()
        return ()


@dataclass
class Factory:
    """The small pipeline on a store."""

    store: FolderStore
    run: Run
    options: Options = field(default_factory=lambda: Options(Resources(3), ladder=LADDER))
    source: Source = field(default_factory=Source)
    middle: Middle = field(default_factory=Middle)
    sink: Sink = field(default_factory=Sink)

    def process(self) -> SingleProcess:
        return SingleProcess(self.run, self.store, (self.source, self.middle, self.sink), self.options)

    def tally(self) -> Tally:
        return tally_of(self.store, self.run.name)

    def heard(self) -> Tally:
        """What the sink would count."""
        tally = Tally()
        for message in self.sink.heard:
            fact = message.fact("middle")
            if not isinstance(fact, RunFact):
                tally.add(fact)
        return tally


def of_one_pass(recipe: Recipe) -> Recipe:
    """The recipe without the deduper's second pass, for which there is no toy stage."""
    return recipe.model_copy(update={"duplicates": recipe.duplicates.model_copy(update={"faces": False})})


@pytest.fixture
def factory(tmp_path: Path, recipe: Recipe) -> Factory:
    store = FolderStore(tmp_path / "store")
    return Factory(store, open_run(store, of_one_pass(recipe)))


def phase(factory: Factory) -> Phase:
    return phase_of(factory.store, factory.run.name, read_state(factory.store, factory.run.name))


def fates(tally: Tally) -> Counter[Fate]:
    return Counter(settlement.fate for settlement in tally.counts().elements())


def test_every_picture_goes_all_the_way_and_the_run_is_finished(factory: Factory) -> None:
    assert factory.process().run() is True
    assert fates(factory.tally()) == {Fate.DROPPED: 8, Fate.IN_DATASET: 32}
    assert factory.heard().counts() == factory.tally().counts()
    assert sorted(factory.middle.processed) == list(range(PICTURES))
    assert phase(factory) is Phase.PACKING  # there is no packer


def test_a_paused_stage_takes_nothing_until_it_proceeds_and_the_run_waits_for_it(factory: Factory) -> None:
    pause(factory.store, "middle")
    process, waited = factory.process(), []

    def watch(stages: list[StageProgress]) -> None:
        if stages[1].waiting >= PICTURES and not waited:
            waited.append(len(factory.middle.processed))
            unpause(factory.store, "middle")

    assert process.run(watch, every=0.01) is True
    assert waited == [0]
    assert sorted(factory.middle.processed) == list(range(PICTURES))


def test_a_run_that_is_cancelled_meanwhile_is_not_finished_and_goes_on_when_it_is_wanted_again(
    factory: Factory,
) -> None:
    pause(factory.store, "middle")

    def watch(stages: list[StageProgress]) -> None:
        if stages[1].waiting >= PICTURES:
            cancel(factory.store, factory.run.name)
            unpause(factory.store, "middle")

    assert factory.process().run(watch, every=0.01) is False
    assert factory.middle.processed == []
    assert phase(factory) is Phase.CANCELLED
    try_again(factory.store, factory.run.name)
    assert factory.process().run() is True
    assert sorted(factory.middle.processed) == list(range(PICTURES))


def test_every_source_of_the_recipe_is_requested(factory: Factory) -> None:
    recipe = factory.run.recipe
    factory.run = replace(factory.run, recipe=recipe.model_copy(update={"sources": recipe.sources * 3}))
    factory.process().run()
    exhausted = [message for message in factory.sink.heard if isinstance(message, SourceExhausted)]
    assert {message.source for message in exhausted} == {0, 1, 2}


def test_a_queue_with_a_single_active_consumer_is_worked_off_one_message_at_a_time(factory: Factory) -> None:
    factory.sink = Sink(before=lambda: threading.Event().wait(0.002))  # time for a second thread to come, if it may
    process = factory.process()
    process.run()
    assert process.progress()[-1].outcomes.keys() == {Outcome.DONE}


def test_stages_are_set_up_with_the_recipe_and_closed_at_the_end(factory: Factory) -> None:
    process = factory.process()
    process.set_up(factory.run.recipe)
    process.run()
    assert factory.middle.life == ["set up for anya", "closed"]


class Lens(Environment):
    """Variables of a stage."""

    lens: int = 1


def test_a_stage_gets_the_variables_that_it_declares_and_no_other_does(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    class Looking(Middle):
        declaration = replace(Middle.declaration, environment=Lens)

        def setup(self, environment: Any, settings: Wish | None) -> None:
            given.append(environment)

    class Listing(Source):
        def setup(self, environment: Any, settings: None) -> None:
            given.append(environment)

    monkeypatch.setenv("MAGRITTE_LENS", "3")
    factory.source, factory.middle = Listing(), Looking()
    factory.process().set_up(factory.run.recipe)
    assert given == [None, Lens(lens=3)]
    monkeypatch.setenv("MAGRITTE_LENS", "thick")
    with pytest.raises(SettingsError, match="MAGRITTE_LENS: "):
        factory.process()


def test_a_stage_that_does_not_work_here_is_found_before_anything_is_done(factory: Factory) -> None:
    class Broken(Middle):
        def setup(self, environment: None, settings: Wish | None) -> None:
            raise Unusable("finds no face in a face")

    factory.middle = Broken()
    with pytest.raises(Unusable, match="no face"):
        factory.process().set_up(factory.run.recipe)
    assert factory.source.listed == 0


def test_a_fast_stage_waits_for_a_slow_one(factory: Factory) -> None:
    capacity, ahead = 4, []
    at_hand, being_published, lanes = 1, 1, 2

    def before(number: int) -> None:
        goal = min(number + capacity + at_hand + being_published, PICTURES)
        for _ in range(500):  # lets the source run as far ahead as it can
            if factory.source.listed >= goal:
                break
            threading.Event().wait(0.01)
        ahead.append(factory.source.listed - number)

    factory.middle = Middle(before)
    factory.options = replace(factory.options, resources=Resources(1), capacity=capacity)
    factory.process().run()
    assert 0 <= max(ahead) - (capacity + at_hand + being_published) <= (lanes - 1) * capacity


def test_stopping_drains_and_the_next_run_does_the_rest(factory: Factory) -> None:
    first = factory

    def stop_in_the_middle(number: int) -> None:
        if len(first.middle.processed) == 10:
            process.stop()

    first.middle = Middle(stop_in_the_middle)
    process = first.process()
    assert process.run() is False
    assert phase(first) is Phase.GATHERING
    done = list(first.middle.processed)
    assert 10 < len(done) < PICTURES
    assert Fate.DEAD not in fates(first.tally())
    assert first.middle.life == ["closed"]

    second = Factory(first.store, open_run(first.store, first.run.recipe))
    assert second.run.resumed
    assert second.process().run() is True
    assert sorted(done + second.middle.processed) == list(range(PICTURES))
    assert len(second.heard()) == PICTURES
    assert phase(second) is Phase.PACKING
    assert fates(second.tally()) == {Fate.DROPPED: 8, Fate.IN_DATASET: 32}


def test_stopping_interrupts_long_work_which_the_next_run_takes_up_again(factory: Factory) -> None:
    at_work = threading.Event()

    class Long(Middle):
        def process(self, message: ImageFetched, settings: Wish, context: Context) -> Iterable[Message]:
            at_work.set()
            while not context.stopping():
                threading.Event().wait(0.01)
            raise Interrupted

    factory.middle = Long()
    process = factory.process()
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(process.run()), daemon=True)
    thread.start()
    assert at_work.wait(SOON)
    process.stop()
    thread.join(SOON)
    assert answers == [False]
    assert {stage.stage: stage.outcomes for stage in process.progress()}["middle"].keys() == {Outcome.INTERRUPTED}
    again = Factory(factory.store, factory.run)
    assert again.process().run() is True
    assert len(again.middle.processed) == PICTURES


def test_a_second_run_of_the_same_recipe_processes_nothing_again(factory: Factory) -> None:
    factory.process().run()
    again = Factory(factory.store, open_run(factory.store, factory.run.recipe, retry_failed=True))
    process = again.process()
    assert process.run() is True
    assert (again.run.name, again.middle.processed) == ("anya-002", [])
    assert again.tally().counts() == factory.tally().counts()
    assert next(stage for stage in process.progress() if stage.stage == "middle").outcomes == {Outcome.REUSED: PICTURES}


@pytest.mark.parametrize("seed", range(3))
def test_a_bus_that_repeats_and_reorders_changes_no_fate(factory: Factory, seed: int) -> None:
    fault_injection = FaultInjection(duplicate=0.4, reorder=True, seed=seed)
    factory.options = replace(factory.options, fault_injection=fault_injection, capacity=8)
    assert factory.process().run() is True
    assert len(factory.sink.heard) > 8 + 2 * 32 + 1
    assert fates(factory.tally()) == {Fate.DROPPED: 8, Fate.IN_DATASET: 32}
    assert factory.heard().counts() == factory.tally().counts()
    assert phase(factory) is Phase.PACKING


def test_what_fails_is_tried_again_and_what_always_fails_is_dead_and_the_run_ends(factory: Factory) -> None:
    failed_before: set[int] = set()

    def fail(number: int) -> None:
        if number == 3:
            raise Poison("never")
        if number == 7:
            raise ValueError("every time")
        if number % 2 and number not in failed_before:
            failed_before.add(number)
            raise OSError("only once")

    factory.middle = Middle(fail)
    process = factory.process()
    assert process.run() is True
    assert fates(factory.tally()) == {Fate.DROPPED: 8, Fate.IN_DATASET: 30, Fate.DEAD: 2}
    assert phase(factory) is Phase.PACKING
    outcomes = next(stage.outcomes for stage in process.progress() if stage.stage == "middle")
    assert outcomes == {Outcome.DONE: 30, Outcome.DROPPED: 8, Outcome.DEAD: 2, Outcome.RETRIED: len(failed_before) + 2}


def test_a_full_store_ends_the_run_without_a_death_and_the_next_run_goes_on(tmp_path: Path, recipe: Recipe) -> None:
    class Bounded(FolderStore):
        room = 20

        def put(self, key: str, data: bytes) -> None:
            if self.room <= 0:
                raise StoreFull("no space left")
            self.room -= 1
            super().put(key, data)

    store = Bounded(tmp_path / "bounded")
    factory = Factory(store, open_run(store, of_one_pass(recipe)))
    with pytest.raises(StoreFull, match="no space left"):
        factory.process().run()
    assert phase(factory) is Phase.GATHERING
    assert Fate.DEAD not in fates(factory.tally())
    assert factory.middle.life == ["closed"]
    store.room = 10_000
    again = Factory(store, open_run(store, of_one_pass(recipe)))
    assert again.run.resumed
    assert again.process().run() is True
    assert fates(again.tally()) == {Fate.DROPPED: 8, Fate.IN_DATASET: 32}


def test_whoever_watches_is_told_how_far_the_stages_are(factory: Factory) -> None:
    reported: list[list[StageProgress]] = []
    factory.process().run(watch=reported.append, every=0.001)
    assert [stage.stage for stage in reported[-1]] == ["source", "middle", "sink"]
    assert [stage.waiting for stage in reported[-1]] == [0, 0, 0]
    assert [sum(stage.outcomes.values()) for stage in reported[-1]] == [1, PICTURES, 8 + 2 * 32 + 1]


def test_stages_of_one_container_are_told_of_together(factory: Factory) -> None:
    class Second(Sink):
        declaration = replace(Sink.declaration, name="middle", queue="middle.sink")

    factory.sink = Second()
    reported: list[list[StageProgress]] = []
    factory.process().run(watch=reported.append, every=0.01)
    assert [stage.stage for stage in reported[-1]] == ["source", "middle"]
    assert sum(reported[-1][1].outcomes.values()) == PICTURES + 8 + 2 * 32 + 1


def test_an_error_of_whoever_watches_ends_the_run_and_all_its_threads(factory: Factory) -> None:
    def watch(stages: list[StageProgress]) -> None:
        if not factory.middle.life:
            raise BrokenPipeError

    before = set(threading.enumerate())
    with pytest.raises(BrokenPipeError):
        factory.process().run(watch)
    assert set(threading.enumerate()) <= before
    assert factory.middle.life == ["closed"]


def test_work_that_does_not_come_to_an_end_is_given_up_when_the_run_is_stopped(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.single_process._LAST_CHANCE", 0.2)
    begun, over = threading.Event(), threading.Event()

    def stubborn() -> None:
        begun.set()
        over.wait(SOON)

    factory.sink = Sink(before=stubborn)
    process = factory.process()

    def stop(stages: list[StageProgress]) -> None:
        if begun.is_set():
            process.stop()

    assert not process.run(stop)
    assert process.gave_up
    over.set()


def test_a_run_that_is_stopped_in_time_has_given_up_nothing(factory: Factory) -> None:
    process = factory.process()
    process.stop()
    assert not process.run()
    assert not process.gave_up
