"""One worker with a small stage, on a real bus and a real store."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog

from shared.bus import DeadLetter, Delivery, Depth, MemoryBus
from shared.bus.lanes import EXPRESS_MESSAGES
from shared.contract import keys
from shared.contract.declaration import Declaration, Queue
from shared.contract.errors import (
    BusUnavailable,
    Interrupted,
    Poison,
    RunUnusable,
    SettingsError,
    StoreFull,
    StoreUnavailable,
    Unusable,
)
from shared.contract.events import Emitted, Event
from shared.contract.facts import RunFact
from shared.contract.messages import (
    NO_STAMP,
    FaceDropped,
    FaceFound,
    FacesCounted,
    ImageDropped,
    ImageFetched,
    ImageKept,
    ItemDied,
    Message,
    Stamp,
    decode_message,
    decode_stamped,
    rebuild,
)
from shared.contract.reasons import Reason
from shared.contract.stage import Action, Codec, Context, Death, Stage
from shared.ledger.fates import Fate
from shared.ledger.journal import Record
from shared.ledger.tally import Tally
from shared.recipe.recipe import Recipe
from shared.runs import dead_letters
from shared.runs.controls import cancel, controls_in_force
from shared.runs.events import last_events
from shared.runs.registry import open_run, try_again
from shared.runtime import logs
from shared.runtime.outcome import Outcome
from shared.runtime.resources import Resources
from shared.runtime.retry import RetryLadder
from shared.runtime.suspects import CONDEMNED, CONDEMNED_IF_LONG, SUSPECT
from shared.runtime.worker import Worker
from shared.store import FolderStore
from shared.stylegan2.errors import BadFile
from tests.dead_letters import dead_letters_of

RUN, ENTRY, OTHER, IMAGE = "anya-001", "0a" * 10, "0d" * 10, "0b" * 32
FETCHED = ImageFetched(run=RUN, entry=ENTRY, image=IMAGE, source=0)
COUNTED = FacesCounted(run=RUN, entry=ENTRY, image=IMAGE, faces=2)
DROPPED = ImageDropped(run=RUN, entry=ENTRY, stage="finder", reason=Reason.NO_FACE)


class Looked(Event):
    """The finder has looked at a picture."""

    faces: int


class Slept(Event):
    """The finder has done nothing."""


FINDER = Declaration(name="finder", consumes=(ImageFetched,), produces=(FacesCounted, ImageDropped), emits=(Looked,))
WATCHED = Queue("watched", (*FINDER.produces, ImageKept, ItemDied))
NOTED = Queue("noted", WATCHED.consumes)
LADDER = RetryLadder((1.0, 10.0))

Work = Callable[[ImageFetched, Context], Iterable[Message | Death]]


@pytest.fixture(autouse=True)
def _no_log_lines() -> Iterator[None]:
    structlog.configure(processors=[_swallow])
    yield
    structlog.reset_defaults()


def _swallow(*_: Any) -> Any:
    raise structlog.DropEvent


class Finder(Stage[ImageFetched, None]):
    """Does what it was made with, once per picture."""

    declaration = FINDER

    def __init__(self, work: Work) -> None:
        self.work = work
        self.consumed: list[ImageFetched] = []

    def inputs(self, message: ImageFetched, settings: None) -> Mapping[str, str] | None:
        return {"image": message.image}

    def process(self, message: ImageFetched, settings: None, context: Context) -> Iterable[Message | Death]:
        self.consumed.append(message)
        return self.work(message, context)


class Lister(Finder):
    """The same without an action: its outcome depends on more than the message."""

    def inputs(self, message: ImageFetched, settings: None) -> None:
        return None


class LongFinder(Finder):
    """The same with long work."""

    declaration = replace(FINDER, long=True)


@dataclass(frozen=True)
class Least:
    """The settings of `Measurer`."""

    smallest: int


class Measurer(Stage[ImageFetched, Least]):
    """Notes the smallest size under which it is to look, which does not matter to what has a high score."""

    declaration = replace(FINDER, name="measurer", queue="finder", version=3)

    def __init__(self) -> None:
        self.seen: list[int] = []

    def settings(self, recipe: Recipe) -> Least:
        return Least(recipe.faces.smallest)

    def narrowed(self, settings: Least, message: ImageFetched) -> Least:
        return settings if message.score < 100 else Least(0)

    def inputs(self, message: ImageFetched, settings: Least) -> Mapping[str, str]:
        return {"image": message.image}

    def process(self, message: ImageFetched, settings: Least, context: Context) -> Iterable[Message]:
        self.seen.append(settings.smallest)
        return ()


def counting(message: ImageFetched, context: Context) -> Iterator[Message]:
    context.store.put_new(keys.crop(message.image), b"a crop")
    yield FacesCounted(run=message.run, entry=message.entry, image=message.image, faces=2)


def killing(message: ImageFetched, context: Context) -> Iterable[Message]:
    """Work that ends its process."""
    raise Killed


def failing(*errors: Exception) -> Work:
    """Work that fails with each error in turn and then succeeds."""
    left = list(errors)

    def work(message: ImageFetched, context: Context) -> Iterable[Message]:
        if left:
            raise left.pop(0)
        return counting(message, context)

    return work


class WithoutEvents(FolderStore):
    """A store that refuses events."""

    def put(self, key: str, data: bytes) -> None:
        if "/events/" in key:
            raise SettingsError("refused")
        super().put(key, data)


@dataclass
class Workshop:
    """A bus and a store, and a stage at work on them."""

    store: FolderStore
    now: float = 0.0
    bus: MemoryBus = field(init=False)

    def __post_init__(self) -> None:
        self.move_to(MemoryBus([FINDER.inbox, WATCHED, NOTED], capacity=1000, clock=lambda: self.now))

    def move_to(self, bus: MemoryBus) -> None:
        self.bus, self.consumer, self.watcher = bus, bus.consume("finder"), bus.consume("watched")
        self.noted, self._records = bus.consume("noted"), list[Record]()

    def worker(self, stage: Stage[Any, Any], ladder: RetryLadder = LADDER) -> Worker:
        return Worker(stage, self.bus, self.store, ladder)

    def next(self) -> Delivery:
        delivery = self.consumer.receive(0)
        assert delivery is not None
        return delivery

    def announced(self) -> list[Message]:
        """What has been published since the last call."""
        found = []
        while (delivery := self.watcher.receive(0)) is not None:
            found.append(decode_message(delivery.body))
            delivery.ack()
        return found

    def work_through(self, stage: Stage[Any, Any], *published: Message, ladder: RetryLadder = LADDER) -> list[Outcome]:
        """What becomes of the messages, whatever pauses it takes."""
        worker, outcomes = self.worker(stage, ladder), []
        for message in published:
            self.bus.publish(message)
        while self.bus.depths()["finder"].waiting:
            outcomes.append(worker.handle(self.next()))
            self.now += 1000
        assert worker.outcomes == {outcome: outcomes.count(outcome) for outcome in outcomes}
        return outcomes

    def dead_letter(self) -> DeadLetter:
        (letter,) = dead_letters_of(self.bus, "finder")
        return letter

    def records(self) -> list[Record]:
        """All that has ever been published, as the ledger's owner gets it."""
        while (delivery := self.noted.receive(0)) is not None:
            self._records.append(Record(*decode_stamped(delivery.body), delivery.body))
            delivery.ack()
        return self._records

    def tally(self) -> Tally:
        """What the ledger's owner would count."""
        tally = Tally()
        for record in self.records():
            fact = record.message.fact(record.stamp.stage)
            if not isinstance(fact, RunFact):
                tally.add(fact)
        return tally


@pytest.fixture
def workshop(tmp_path: Path, recipe: Recipe) -> Workshop:
    store = FolderStore(tmp_path / "store")
    open_run(store, recipe)
    return Workshop(store)


class TestTimeLimit:
    """Of work on one picture that never comes back."""

    @pytest.fixture
    def over(self) -> Iterator[threading.Event]:
        over = threading.Event()
        yield over
        over.set()

    def worker(self, workshop: Workshop, work: Work) -> Worker:
        return Worker(Finder(work), workshop.bus, workshop.store, LADDER, Resources(picture_seconds=0.3))

    def consume(self, workshop: Workshop, worker: Worker) -> dict[Outcome, int]:
        """Publish a picture and let the worker consume it; return what came of it."""
        workshop.bus.publish(FETCHED)
        worker.drain()
        worker.consume(workshop.consumer)
        return dict(worker.outcomes)

    def test_it_is_tried_once_more_and_then_dropped_with_a_reason(
        self, workshop: Workshop, over: threading.Event
    ) -> None:
        begun = []

        def hang(message: ImageFetched, context: Context) -> Iterable[Message]:
            begun.append(message)
            over.wait()
            return ()

        assert self.consume(workshop, self.worker(workshop, hang)) == {Outcome.DROPPED: 1}
        (told,) = workshop.announced()
        assert isinstance(told, ImageDropped)
        assert (told.entry, told.stage, told.reason) == (ENTRY, "finder", Reason.TIME_LIMIT_EXCEEDED)
        assert len(begun) == 2

    def test_it_is_done_if_it_comes_back_the_second_time(self, workshop: Workshop, over: threading.Event) -> None:
        begun = []

        def hang_once(message: ImageFetched, context: Context) -> Iterable[Message]:
            begun.append(message)
            if len(begun) == 1:
                over.wait()
            return counting(message, context)

        assert self.consume(workshop, self.worker(workshop, hang_once)) == {Outcome.DONE: 1}
        assert workshop.announced() == [COUNTED]

    def test_another_run_tries_again(self, workshop: Workshop, over: threading.Event) -> None:
        def hang(message: ImageFetched, context: Context) -> Iterable[Message]:
            over.wait()
            return ()

        self.consume(workshop, self.worker(workshop, hang))
        assert list(workshop.store.list("actions/")) == []
        assert workshop.work_through(Finder(counting), FETCHED) == [Outcome.DONE]

    def test_a_worker_that_is_stopped_hands_it_back(self, workshop: Workshop, over: threading.Event) -> None:
        def hang(message: ImageFetched, context: Context) -> Iterable[Message]:
            worker.stop()
            over.wait()
            return ()

        worker = Worker(Finder(hang), workshop.bus, workshop.store, LADDER)
        assert self.consume(workshop, worker) == {Outcome.INTERRUPTED: 1}
        assert workshop.bus.depths()["finder"] == Depth(ready=1)

    def test_the_thread_that_is_left_behind_counts_no_more_and_answers_nothing_when_its_work_ends(
        self, workshop: Workshop, over: threading.Event
    ) -> None:
        ended = threading.Event()

        def hang(message: ImageFetched, context: Context) -> Iterable[Message]:
            over.wait()
            yield from counting(message, context)
            ended.set()

        worker = self.worker(workshop, hang)
        assert self.consume(workshop, worker) == {Outcome.DROPPED: 1}
        assert worker.longest == 0.0
        over.set()
        assert ended.wait(30)
        assert [type(message) for message in workshop.announced()] == [ImageDropped]
        assert worker.outcomes == {Outcome.DROPPED: 1}

    def test_an_item_that_is_to_be_alone_does_not_wait_for_a_thread_that_was_left_behind(
        self, workshop: Workshop, over: threading.Event
    ) -> None:
        def hang_first(message: ImageFetched, context: Context) -> Iterable[Message]:
            if message.entry == ENTRY:
                over.wait()
            return counting(message, context)

        worker = self.worker(workshop, hang_first)
        workshop.bus.publish(FETCHED.model_copy(update={"entry": OTHER, "image": "0e" * 32}))
        suspect = workshop.next()
        assert self.consume(workshop, worker) == {Outcome.DROPPED: 1}
        suspect.redeliveries = SUSPECT  # type: ignore[misc]
        assert worker.handle(suspect) is Outcome.DONE


class TestDone:
    def test_what_a_stage_found_is_recorded_published_and_acknowledged(self, workshop: Workshop) -> None:
        assert workshop.work_through(Finder(counting), FETCHED) == [Outcome.DONE]
        assert workshop.announced() == [COUNTED]
        assert len(list(workshop.store.list("actions/finder/"))) == 1
        assert workshop.bus.depths()["finder"] == Depth()

    def test_what_is_published_is_stamped_with_the_circumstances(self, workshop: Workshop) -> None:
        workshop.work_through(Finder(failing(ValueError("once"))), FETCHED)
        (record,) = workshop.records()
        stamp = record.stamp
        assert record.message == COUNTED
        assert (stamp.stage, stamp.attempt) == ("finder", 2)
        assert stamp.action is not None
        assert stamp.action in next(workshop.store.list("actions/"))
        assert stamp.seconds is not None
        assert stamp.seconds >= 0
        assert stamp.at.endswith("+00:00")

    def test_a_stage_sees_its_settings_of_the_message_s_run(self, workshop: Workshop, recipe: Recipe) -> None:
        other = Recipe.model_validate(recipe.model_dump() | {"name": "bea", "faces": {"smallest": 7}})
        open_run(workshop.store, other)
        stage = Measurer()
        workshop.work_through(stage, FETCHED, FETCHED.model_copy(update={"run": "bea-001"}))
        assert stage.seen == [recipe.faces.smallest, 7]

    def test_what_matters_to_a_message_is_part_of_its_action_and_all_that_the_stage_sees(
        self, workshop: Workshop
    ) -> None:
        large = FETCHED.model_copy(update={"score": 100})
        stage = Measurer()
        assert workshop.work_through(stage, FETCHED, large, large, FETCHED) == [
            Outcome.DONE,
            Outcome.DONE,
            Outcome.REUSED,
            Outcome.REUSED,
        ]
        assert stage.seen == [48, 0]
        records = [json.loads(workshop.store.get(key)) for key in workshop.store.list("actions/measurer/")]
        assert sorted(record["settings"]["smallest"] for record in records) == [0, 48]

    def test_an_event_is_about_the_item_that_the_stage_works_on(self, workshop: Workshop) -> None:
        emitted: list[Emitted] = []

        def look(message: ImageFetched, context: Context) -> Iterable[Message]:
            context.emit(Looked(faces=2))
            return ()

        worker = Worker(Lister(look), workshop.bus, workshop.store, LADDER, listener=emitted.append)
        workshop.bus.publish(FETCHED)
        worker.handle(workshop.next())
        (found,) = emitted
        assert (found.event, found.stage, found.run, found.item) == (Looked(faces=2), "finder", RUN, ENTRY)

    @pytest.mark.parametrize("errors", [(), (Poison("never"),), (Interrupted("asked to stop"),)])
    def test_the_last_event_is_in_the_store_once_the_message_has_been_worked_on(
        self, workshop: Workshop, errors: tuple[Exception, ...]
    ) -> None:
        def look_thrice(message: ImageFetched, context: Context) -> Iterable[Message]:
            for faces in range(3):
                context.emit(Looked(faces=faces))
            return failing(*errors)(message, context)

        workshop.bus.publish(FETCHED)
        workshop.worker(Lister(look_thrice)).handle(workshop.next())
        (found,) = last_events(workshop.store, RUN)
        assert (found.kind, found.stage, found.item, found.fields) == ("looked", "finder", ENTRY, {"faces": 2})

    def test_a_store_that_keeps_no_events_does_not_harm_the_message(self, workshop: Workshop) -> None:
        def look(message: ImageFetched, context: Context) -> Iterable[Message]:
            context.emit(Looked(faces=1))
            return counting(message, context)

        workshop.store = WithoutEvents(workshop.store.root)
        assert workshop.work_through(Lister(look), FETCHED) == [Outcome.DONE]
        assert workshop.announced() == [COUNTED]

    def test_an_event_that_the_stage_does_not_declare_is_poison(self, workshop: Workshop) -> None:
        def report(message: ImageFetched, context: Context) -> Iterable[Message]:
            context.emit(Slept())
            return ()

        assert workshop.work_through(Lister(report), FETCHED) == [Outcome.DEAD]
        (letter,) = dead_letters_of(workshop.bus, "finder")
        assert letter.reason == "finder does not emit slept"

    def test_a_drop_is_an_outcome_of_its_own(self, workshop: Workshop) -> None:
        assert workshop.work_through(Finder(lambda *_: [DROPPED]), FETCHED) == [Outcome.DROPPED]
        assert workshop.announced() == [DROPPED]

    def test_with_an_action_nothing_is_published_before_all_is_made(self, workshop: Workshop) -> None:
        published_early = []

        def work(message: ImageFetched, context: Context) -> Iterator[Message]:
            yield COUNTED
            published_early.extend(workshop.announced())
            yield DROPPED

        workshop.work_through(Finder(work), FETCHED)
        assert published_early == []
        assert workshop.announced() == [COUNTED, DROPPED]

    def test_without_an_action_all_is_published_at_once_and_nothing_is_recorded(self, workshop: Workshop) -> None:
        published_early = []

        def work(message: ImageFetched, context: Context) -> Iterator[Message]:
            yield COUNTED
            published_early.extend(workshop.announced())
            yield DROPPED

        assert workshop.work_through(Lister(work), FETCHED) == [Outcome.DROPPED]
        assert published_early == [COUNTED]
        assert workshop.announced() == [DROPPED]
        assert list(workshop.store.list("actions/")) == []


class TestReused:
    def test_what_was_done_before_is_published_again_of_another_entry(self, workshop: Workshop) -> None:
        finder = Finder(counting)
        again = FETCHED.model_copy(update={"entry": "f" * 20})
        assert workshop.work_through(finder, FETCHED, again) == [Outcome.DONE, Outcome.REUSED]
        assert finder.consumed == [FETCHED]
        assert workshop.announced() == [COUNTED, COUNTED.model_copy(update={"entry": "f" * 20})]
        assert [str(record.message.item) for record in workshop.records() if record.stamp.reused] == ["f" * 20]

    def test_a_drop_is_remembered_too(self, workshop: Workshop) -> None:
        finder = Finder(lambda *_: [DROPPED])
        assert workshop.work_through(finder, FETCHED, FETCHED) == [Outcome.DROPPED, Outcome.REUSED]
        assert workshop.announced() == [DROPPED, DROPPED]

    def test_finding_nothing_is_remembered_too(self, workshop: Workshop) -> None:
        finder = Finder(lambda *_: [])
        assert workshop.work_through(finder, FETCHED, FETCHED) == [Outcome.DONE, Outcome.REUSED]

    def test_another_version_of_the_stage_does_it_again(self, workshop: Workshop) -> None:
        class Better(Finder):
            declaration = replace(FINDER, version=2)

        better = Better(counting)
        workshop.work_through(Finder(counting), FETCHED)
        assert workshop.work_through(better, FETCHED) == [Outcome.DONE]

    @pytest.mark.parametrize(
        "damaged",
        [
            b"",
            b'{"findings": [{"type": "faces-cou',
            b"[]",
            b"{}",
            b"\xff",
            b"null",
            b'{"findings": ["faces-counted"]}',
            b'{"findings": [{"type": "faces-painted", "run": "anya-001"}]}',
            b'{"findings": [{"type": "faces-counted", "run": "anya-001"}]}',
            b'{"findings": 5}',
        ],
        ids=repr,
    )
    def test_a_record_that_cannot_be_read_is_made_again(self, workshop: Workshop, damaged: bytes) -> None:
        finder = Finder(counting)
        workshop.work_through(finder, FETCHED)
        (key,) = workshop.store.list("actions/")
        whole = workshop.store.get(key)
        workshop.store.put(key, damaged)
        assert workshop.work_through(finder, FETCHED) == [Outcome.DONE]
        assert workshop.store.get(key) == whole

    def test_of_an_action_that_failed_there_is_no_record(self, workshop: Workshop) -> None:
        def half(message: ImageFetched, context: Context) -> Iterator[Message]:
            yield COUNTED
            raise Poison("half-way")

        assert workshop.work_through(Finder(half), FETCHED) == [Outcome.DEAD]
        assert list(workshop.store.list("actions/")) == []
        assert [type(message) for message in workshop.announced()] == [ItemDied]


class TestFresh:
    """Of a picture that has just come into the store nothing is recorded, so that no record is looked for."""

    FRESH = FETCHED.model_copy(update={"fresh": True})

    class Remembering(FolderStore):
        """A store that notes which records are looked for."""

        def __init__(self, root: Path) -> None:
            super().__init__(root)
            self.looked_for: list[str] = []

        def get(self, key: str) -> bytes:
            if key.startswith("actions/"):
                self.looked_for.append(key.split("/")[1])
            return super().get(key)

    @staticmethod
    def finder() -> Finder:
        def look(message: ImageFetched, context: Context) -> Iterable[Message]:
            action = Action("memo", 1, {}, {"image": message.image})
            context.memo(action, lambda: 2, Codec(lambda faces: {"faces": faces}, lambda record: record["faces"]))
            return counting(message, context)

        return Finder(look)

    def looked_for(self, workshop: Workshop, *published: Message) -> list[str]:
        workshop.store = self.Remembering(workshop.store.root)
        workshop.work_through(self.finder(), *published)
        return workshop.store.looked_for

    def test_no_record_is_looked_for_and_all_are_kept(self, workshop: Workshop) -> None:
        assert self.looked_for(workshop, self.FRESH) == []
        assert sorted(key.split("/")[1] for key in workshop.store.list("actions/")) == ["finder", "memo"]

    def test_what_is_not_fresh_is_looked_for(self, workshop: Workshop) -> None:
        assert self.looked_for(workshop, FETCHED) == ["finder", "memo"]

    def test_what_may_have_been_worked_on_is_looked_for(self, workshop: Workshop) -> None:
        workshop.store = store = self.Remembering(workshop.store.root)
        workshop.work_through(self.finder(), self.FRESH)
        worker = workshop.worker(self.finder())
        for redeliveries, attempt in ((1, 1), (0, 2)):
            workshop.bus.publish(self.FRESH)
            delivery = workshop.next()
            delivery.redeliveries, delivery.attempt = redeliveries, attempt  # type: ignore[misc]
            assert worker.handle(delivery) is Outcome.REUSED
        assert store.looked_for == ["finder", "finder"]

    def test_a_record_says_nothing_of_it(self, workshop: Workshop) -> None:
        found = FaceFound(run=RUN, entry=ENTRY, face=0, image=IMAGE, crop=IMAGE, box=(0, 0, 9, 9), side=9, fresh=True)
        assert rebuild(found.finding(), FETCHED.model_copy(update={"face": 0})) == found.model_copy(
            update={"fresh": False}
        )


class TestRevision:
    @pytest.mark.parametrize("stage", [Finder, Lister])
    def test_what_is_made_of_a_later_revision_has_that_revision_also_when_it_is_reused(
        self, workshop: Workshop, stage: type[Finder]
    ) -> None:
        again = FETCHED.model_copy(update={"revision": 3})
        workshop.work_through(stage(counting), FETCHED, again, FETCHED)
        assert workshop.announced() == [COUNTED, COUNTED.model_copy(update={"revision": 3}), COUNTED]

    @pytest.mark.parametrize("stage", [Finder, Lister])
    def test_what_dies_of_a_later_revision_is_dead_and_no_longer_dropped(
        self, workshop: Workshop, stage: type[Finder]
    ) -> None:
        workshop.work_through(Lister(lambda *_: [DROPPED]), FETCHED)
        workshop.work_through(stage(failing(Poison("never"))), FETCHED.model_copy(update={"revision": 1}))
        assert workshop.tally().settlement(ENTRY).fate is Fate.DEAD

    def test_a_dropped_picture_is_revived_by_a_later_revision(self, workshop: Workshop) -> None:
        workshop.work_through(Lister(lambda *_: [DROPPED]), FETCHED)
        assert workshop.tally().settlement(ENTRY).fate is Fate.DROPPED
        workshop.work_through(Lister(counting), FETCHED.model_copy(update={"revision": 1}))
        assert workshop.tally().settlement(ENTRY).fate is Fate.UNDECIDED


class TestLanes:
    """Of what is made of a message."""

    @staticmethod
    def crowd(message: ImageFetched, context: Context) -> Iterator[Message]:
        for faces in range(1, EXPRESS_MESSAGES + 3):
            yield FacesCounted(run=message.run, entry=message.entry, image=message.image, faces=faces)

    @pytest.mark.parametrize("stage", [Finder, Lister])
    def test_the_first_messages_are_express_and_the_others_bulk_also_when_they_are_reused(
        self, workshop: Workshop, stage: type[Finder]
    ) -> None:
        for _ in range(2):
            workshop.work_through(stage(self.crowd), FETCHED)
        found = Counter((record.message.model_dump()["faces"], record.stamp.bulk) for record in workshop.records())
        assert found == {(faces, faces > EXPRESS_MESSAGES): 2 for faces in range(1, EXPRESS_MESSAGES + 3)}

    @pytest.mark.parametrize("stage", [Finder, Lister])
    def test_what_is_made_of_bulk_is_bulk_also_when_it_is_reused(self, workshop: Workshop, stage: type[Finder]) -> None:
        for _ in range(2):
            workshop.bus.publish(FETCHED, Stamp(bulk=True))
            workshop.work_through(stage(counting))
        assert [record.stamp.bulk for record in workshop.records()] == [True, True]

    @pytest.mark.parametrize("bulk", [True, False])
    def test_a_death_is_published_in_the_lane_of_what_has_died(self, workshop: Workshop, bulk: bool) -> None:
        workshop.bus.publish(FETCHED, Stamp(bulk=bulk))
        workshop.work_through(Finder(failing(Poison("never"))))
        assert [record.stamp.bulk for record in workshop.records()] == [bulk]


class TestFailed:
    def test_what_fails_once_is_retried_after_a_pause_and_done(self, workshop: Workshop) -> None:
        worker = workshop.worker(Finder(failing(ValueError("flaky"))))
        workshop.bus.publish(FETCHED)
        assert worker.handle(workshop.next()) is Outcome.RETRIED
        assert workshop.consumer.receive(0) is None
        workshop.now += 1.0
        delivery = workshop.next()
        assert delivery.attempt == 2
        assert worker.handle(delivery) is Outcome.DONE
        assert workshop.announced() == [COUNTED]

    def test_what_fails_every_time_ends_dead_and_the_packer_is_told(self, workshop: Workshop) -> None:
        errors = [ValueError(f"attempt {number}") for number in range(1, 4)]
        outcomes = workshop.work_through(Finder(failing(*errors)), FETCHED)
        assert outcomes == [Outcome.RETRIED, Outcome.RETRIED, Outcome.DEAD]
        died = ItemDied(run=RUN, entry=ENTRY, stage="finder", error="value-error", detail="attempt 3")
        assert workshop.announced() == [died]
        assert workshop.dead_letter() == DeadLetter("finder", FETCHED.encode(), 3, "attempt 3", "ValueError")
        assert workshop.tally().settlement(ENTRY).fate is Fate.DEAD

    @pytest.mark.parametrize("error", [Poison("never"), BadFile("never")], ids=["ours", "a library's"])
    def test_poison_is_dead_at_once(self, workshop: Workshop, error: Exception) -> None:
        assert workshop.work_through(Finder(failing(error)), FETCHED) == [Outcome.DEAD]
        (died,) = workshop.announced()
        assert isinstance(died, ItemDied)
        assert (died.error, died.detail) == ("poison", "never")

    def test_a_death_is_published_with_a_bounded_text_that_any_reader_can_read(self, workshop: Workshop) -> None:
        workshop.work_through(Finder(failing(Poison("\udce9" * 10_000))), FETCHED)
        (died,) = workshop.announced()
        assert isinstance(died, ItemDied)
        assert died.detail == "?" * 500
        assert workshop.records()[0].message == died

    def test_what_is_no_message_is_dead_though_nobody_can_be_told_of_what(self, workshop: Workshop) -> None:
        impossible = ImageFetched.model_construct(run="../etc", entry="?", image="?", source=-1)
        finder = Finder(counting)
        assert workshop.work_through(finder, impossible) == [Outcome.DEAD]
        assert (workshop.dead_letter().body, workshop.dead_letter().error) == (impossible.encode(), "Poison")
        assert finder.consumed == workshop.announced() == []

    def test_a_run_without_a_recipe_is_poison(self, workshop: Workshop) -> None:
        assert workshop.work_through(Finder(counting), FETCHED.model_copy(update={"run": "nobody-001"})) == [
            Outcome.DEAD
        ]
        assert "nobody-001 has no recipe" in workshop.dead_letter().reason

    def test_a_stage_that_produces_what_it_did_not_declare_is_stopped_before_anyone_believes_it(
        self, workshop: Workshop
    ) -> None:
        kept = ImageKept(run=RUN, entry=ENTRY, image=IMAGE, arrival=1, decisions=1)
        for stage in (Finder(lambda *_: [kept]), Lister(lambda *_: [kept])):
            assert workshop.work_through(stage, FETCHED) == [Outcome.DEAD]
            (died,) = workshop.announced()
            assert isinstance(died, ItemDied)
            assert died.detail == "finder does not produce image-kept"
        assert list(workshop.store.list("actions/")) == []

    def test_that_nobody_can_process_a_death_is_not_published_as_another_death(self, workshop: Workshop) -> None:
        packing = Queue("finder", (ItemDied,))
        workshop.move_to(MemoryBus([packing, WATCHED, NOTED], clock=lambda: workshop.now))
        died = ItemDied(run=RUN, entry=ENTRY, stage="upscaler", error="poison")
        outcomes = workshop.work_through(Lister(failing(*[ValueError("packer")] * 3)), died)
        assert outcomes == [Outcome.RETRIED, Outcome.RETRIED, Outcome.DEAD]
        assert workshop.announced() == [died]

    def test_the_next_item_is_none_the_worse_for_it(self, workshop: Workshop) -> None:
        finder = Finder(failing(Poison("this one only")))
        other = FETCHED.model_copy(update={"image": "0c" * 32, "entry": "0c" * 10})
        assert workshop.work_through(finder, FETCHED, other) == [Outcome.DEAD, Outcome.DONE]


class TestDeathOfOneItem:
    """Of several that a message is about."""

    def some(self, message: ImageFetched, context: Context) -> Iterator[Message | Death]:
        yield COUNTED
        yield Death(OTHER, ZeroDivisionError("a side of 0 pixels"))
        yield DROPPED

    def test_it_is_published_and_the_others_are_none_the_worse(self, workshop: Workshop) -> None:
        assert workshop.work_through(Lister(self.some), FETCHED) == [Outcome.DROPPED]
        died = ItemDied(run=RUN, entry=OTHER, stage="finder", error="zero-division-error", detail="a side of 0 pixels")
        assert workshop.announced() == [COUNTED, died, DROPPED]
        assert workshop.tally().settlement(OTHER).fate is Fate.DEAD
        assert not any(depth.dead for depth in workshop.bus.depths().values())

    def test_its_letter_is_the_message_once_more(self, workshop: Workshop) -> None:
        workshop.work_through(Lister(self.some), FETCHED, FETCHED)
        (letter,) = dead_letters.letters(workshop.store, RUN)
        assert (letter.item, letter.body.encode(), letter.queue) == (OTHER, FETCHED.encode(), "finder")
        assert (letter.error, letter.reason) == ("ZeroDivisionError", "a side of 0 pixels")
        assert "ZeroDivisionError: a side of 0 pixels" in letter.traceback

    def test_where_a_message_is_about_one_item_this_has_died(self, workshop: Workshop) -> None:
        assert workshop.work_through(Finder(self.some), FETCHED, ladder=RetryLadder(())) == [Outcome.DEAD]
        assert [type(message) for message in workshop.announced()] == [ItemDied]
        assert workshop.dead_letter().reason == "a side of 0 pixels"

    def test_it_waits_for_a_store_that_is_full(self, tmp_path: Path, recipe: Recipe) -> None:
        class Full(FolderStore):
            full = False

            def put(self, key: str, data: bytes) -> None:
                if self.full:
                    raise StoreFull("full")
                super().put(key, data)

        store = Full(tmp_path / "full")
        open_run(store, recipe)
        workshop = Workshop(store)
        worker = workshop.worker(Lister(self.some))
        workshop.bus.publish(FETCHED)
        store.full = True
        assert worker.handle(workshop.next()) is Outcome.RETRIED
        store.full = False
        workshop.now += 1000
        assert worker.handle(workshop.next()) is Outcome.DROPPED
        assert {message.kind() for message in workshop.announced()} == {
            "faces-counted",
            "item-died",
            "image-dropped",
        }


class TestRecipe:
    """Of the run that a message is of."""

    def test_without_one_the_message_is_dead_at_once(self, workshop: Workshop) -> None:
        other = FETCHED.model_copy(update={"run": "bea-001"})
        assert workshop.work_through(Finder(counting), other) == [Outcome.DEAD]
        assert workshop.dead_letter().reason == "run bea-001 has no recipe in the store"

    @pytest.mark.parametrize("damaged", [b"", b'{"name": "anya", "sour', b'{"name": "anya", "colour": "blue"}'])
    def test_with_one_that_cannot_be_read_it_is_dead_at_once_and_says_so(
        self, workshop: Workshop, damaged: bytes
    ) -> None:
        workshop.store.put(keys.recipe(RUN), damaged)
        assert workshop.work_through(Finder(counting), FETCHED) == [Outcome.DEAD]
        assert workshop.dead_letter().reason.startswith(f"recipes/{RUN}.json")


class TestUnavailable:
    @pytest.mark.parametrize("error", [StoreUnavailable("away"), StoreFull("full"), BusUnavailable("away")], ids=repr)
    def test_a_store_or_bus_that_is_away_kills_no_item_however_long(self, workshop: Workshop, error: Exception) -> None:
        outcomes = workshop.work_through(Finder(failing(*[error] * 20)), FETCHED)
        assert outcomes == [Outcome.RETRIED] * 20 + [Outcome.DONE]
        assert workshop.announced() == [COUNTED]

    def test_a_full_store_is_reported_once_the_ladder_is_exhausted(self, workshop: Workshop) -> None:
        worker = workshop.worker(Finder(failing(*[StoreFull("full")] * 9)))
        workshop.bus.publish(FETCHED)
        reported = []
        for _ in range(4):
            worker.handle(workshop.next())
            reported.append(worker.store_full is not None)
            workshop.now += 1000
        assert reported == [False, False, True, True]

    def test_a_death_that_cannot_be_written_down_is_no_death_yet(self, tmp_path: Path, recipe: Recipe) -> None:
        class Full(FolderStore):
            full = False

            def put(self, key: str, data: bytes) -> None:
                if self.full:
                    raise StoreFull("full")
                super().put(key, data)

        store = Full(tmp_path / "full")
        open_run(store, recipe)
        workshop = Workshop(store)
        worker = workshop.worker(Finder(failing(*[Poison("never")] * 9)))
        workshop.bus.publish(FETCHED)
        store.full = True
        for _ in range(5):
            assert worker.handle(workshop.next()) is Outcome.RETRIED
            workshop.now += 1000
        store.full = False
        assert worker.handle(workshop.next()) is Outcome.DEAD
        assert len(workshop.announced()) == 1


class TestStopped:
    def test_an_interrupted_item_is_handed_back_for_the_next_worker(self, workshop: Workshop) -> None:
        def long_work(message: ImageFetched, context: Context) -> Iterator[Message]:
            if context.stopping():
                raise Interrupted
            yield from counting(message, context)

        worker = workshop.worker(Finder(long_work))
        workshop.bus.publish(FETCHED)
        worker.stop()
        assert worker.handle(workshop.next()) is Outcome.INTERRUPTED
        assert workshop.bus.depths()["finder"] == Depth(ready=1)
        delivery = workshop.next()
        assert (delivery.redeliveries, delivery.attempt) == (1, 1)
        assert workshop.worker(Finder(long_work)).handle(delivery) is Outcome.DONE

    def test_a_stopped_worker_takes_nothing_more(self, workshop: Workshop) -> None:
        worker = workshop.worker(Finder(counting))
        workshop.bus.publish(FETCHED)
        worker.stop()
        worker.consume(workshop.consumer)
        assert workshop.bus.depths()["finder"] == Depth(ready=1)

    def test_stopping_finishes_what_is_at_hand(self, workshop: Workshop) -> None:
        def stop_meanwhile(message: ImageFetched, context: Context) -> Iterable[Message]:
            worker.stop()
            return counting(message, context)

        worker = workshop.worker(Finder(stop_meanwhile))
        for entry in ("1" * 20, "2" * 20):
            workshop.bus.publish(FETCHED.model_copy(update={"entry": entry}))
        worker.consume(workshop.consumer)
        assert worker.outcomes == {Outcome.DONE: 1}
        assert workshop.bus.depths()["finder"] == Depth(ready=1)

    def test_several_threads_share_one_worker(self, workshop: Workshop) -> None:
        together = threading.Barrier(4)

        def meet(message: ImageFetched, context: Context) -> Iterable[Message]:
            together.wait(20)
            return counting(message, context)

        worker = workshop.worker(Finder(meet))
        for number in range(8):
            workshop.bus.publish(FETCHED.model_copy(update={"entry": f"{number:020x}", "image": f"{number:064x}"}))
        threads = [threading.Thread(target=worker.consume, args=(workshop.consumer,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while workshop.bus.depths()["finder"].waiting:
            workshop.bus.wait(1.0)
        worker.stop()
        workshop.bus.drain()
        for thread in threads:
            thread.join(20)
        assert worker.outcomes == {Outcome.DONE: 8}


class Killed(BaseException):
    """The process is gone between two instructions."""


class Fuse:
    """Kills at the n-th moment that something becomes visible outside of the process."""

    def __init__(self, moments: int | None = None) -> None:
        self.left = moments

    def burn(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


class MortalStore(FolderStore):
    """Writes that may be the last thing that the process does."""

    def __init__(self, root: Path, fuse: Fuse) -> None:
        super().__init__(root)
        self.fuse = fuse

    def put(self, key: str, data: bytes) -> None:
        self.fuse.burn()
        super().put(key, data)
        self.fuse.burn()

    def put_new(self, key: str, data: bytes) -> bool:
        self.fuse.burn()
        answer = super().put_new(key, data)
        self.fuse.burn()
        return answer


class MortalBus(MemoryBus):
    """Publishing that may be the last thing that the process does."""

    fuse = Fuse()

    def publish(self, message: Message, stamp: Stamp = NO_STAMP) -> None:
        self.fuse.burn()
        super().publish(message, stamp)
        self.fuse.burn()


def two_faces(message: ImageFetched, context: Context) -> Iterator[Message]:
    yield from counting(message, context)
    yield DROPPED


def dying(message: ImageFetched, context: Context) -> Iterator[Message]:
    raise Poison("never")


@pytest.mark.parametrize(
    ("stage", "expected", "moments"),
    [
        (lambda: Finder(two_faces), {COUNTED, DROPPED}, 8),
        (lambda: Lister(two_faces), {COUNTED, DROPPED}, 6),
        (lambda: Finder(dying), {ItemDied(run=RUN, entry=ENTRY, stage="finder", error="poison", detail="never")}, 4),
    ],
    ids=["with an action", "without an action", "dying"],
)
def test_killed_at_any_moment_nothing_is_lost(
    tmp_path: Path, recipe: Recipe, stage: Callable[[], Stage[Any, Any]], expected: set[Message], moments: int
) -> None:
    for moment in count():
        fuse = Fuse()
        workshop = Workshop(MortalStore(tmp_path / str(moment), fuse))
        bus = MortalBus([FINDER.inbox, WATCHED, NOTED])
        workshop.move_to(bus)
        open_run(workshop.store, recipe)
        bus.publish(FETCHED)
        fuse.left, bus.fuse = moment, fuse
        try:
            workshop.worker(stage()).handle(workshop.next())
        except Killed:
            workshop.consumer.close()
            workshop.consumer = bus.consume("finder")
            fuse.left = None
            workshop.work_through(stage())
        else:
            break
        assert set(workshop.announced()) == expected
        assert bus.depths()["finder"].waiting == 0
    assert moment == moments


class TestVanishedWorkers:
    def redelivered(self, workshop: Workshop, times: int) -> Delivery:
        workshop.bus.publish(FETCHED)
        for _ in range(times):
            workshop.next()
            workshop.consumer.close()
            workshop.consumer = workshop.bus.consume("finder")
        return workshop.next()

    def vanish(self, workshop: Workshop, stage: type[Finder], times: int) -> None:
        """Lose so many workers, each when it has just begun with the message."""
        workshop.bus.publish(FETCHED)
        for _ in range(times):
            with pytest.raises(Killed):
                workshop.worker(stage(killing)).handle(workshop.next())
            workshop.consumer.close()
            workshop.consumer = workshop.bus.consume("finder")

    @pytest.mark.parametrize(("stage", "times"), [(Finder, CONDEMNED), (LongFinder, CONDEMNED_IF_LONG)])
    def test_an_item_that_ends_one_worker_after_the_other_is_dead(
        self, workshop: Workshop, stage: type[Finder], times: int
    ) -> None:
        self.vanish(workshop, stage, SUSPECT + times)
        finder = stage(counting)
        assert workshop.worker(finder).handle(workshop.next()) is Outcome.DEAD
        assert finder.consumed == []
        assert workshop.dead_letter().error == "WorkerVanished"
        assert [message.kind() for message in workshop.announced()] == ["item-died"]

    @pytest.mark.parametrize(("stage", "times"), [(Finder, CONDEMNED), (LongFinder, CONDEMNED_IF_LONG)])
    def test_an_item_that_was_begun_less_often_gets_its_chance(
        self, workshop: Workshop, stage: type[Finder], times: int
    ) -> None:
        self.vanish(workshop, stage, SUSPECT + times - 1)
        assert workshop.worker(stage(counting)).handle(workshop.next()) is Outcome.DONE

    def test_an_item_that_merely_was_at_hand_when_workers_ended_is_done(self, workshop: Workshop) -> None:
        delivery = self.redelivered(workshop, SUSPECT + CONDEMNED_IF_LONG)
        assert workshop.worker(Finder(counting)).handle(delivery) is Outcome.DONE

    @pytest.mark.parametrize("last", ["a death", "an answer"])
    def test_whoever_asks_again_gets_as_many_chances(self, workshop: Workshop, last: str) -> None:
        self.vanish(workshop, Lister, SUSPECT + CONDEMNED - (last == "an answer"))
        workshop.worker(Lister(counting)).handle(workshop.next())
        self.vanish(workshop, Lister, SUSPECT + CONDEMNED - 1)
        assert workshop.worker(Lister(counting)).handle(workshop.next()) is Outcome.DONE

    def test_a_count_that_is_damaged_begins_anew(self, workshop: Workshop) -> None:
        self.vanish(workshop, Finder, SUSPECT + CONDEMNED)
        (key,) = workshop.store.list(f"runs/{RUN}/suspects/finder/")
        workshop.store.put(key, b"")
        assert workshop.worker(Finder(counting)).handle(workshop.next()) is Outcome.DONE

    def test_a_suspect_is_worked_on_alone(self, workshop: Workshop) -> None:
        beside: list[float] = []
        at_work, go_on = threading.Event(), threading.Event()

        def work(message: ImageFetched, context: Context) -> Iterable[Message]:
            if message.entry == ENTRY:
                beside.append(len(others))
            else:
                others.append(message.entry)
                at_work.set()
                go_on.wait(20)
                others.remove(message.entry)
            return counting(message, context)

        others: list[str] = []
        worker = workshop.worker(Finder(work))
        suspect = self.redelivered(workshop, SUSPECT)
        workshop.bus.publish(FETCHED.model_copy(update={"entry": "0c" * 10, "image": "0c" * 32}))
        neighbour = threading.Thread(target=worker.handle, args=(workshop.next(),))
        neighbour.start()
        assert at_work.wait(20)
        waiting = threading.Thread(target=worker.handle, args=(suspect,))
        waiting.start()
        waiting.join(0.1)
        assert beside == []
        go_on.set()
        waiting.join(20)
        neighbour.join(20)
        assert beside == [0]


class TestControls:
    def test_a_message_of_a_cancelled_run_is_forgotten(self, workshop: Workshop) -> None:
        finder = Finder(counting)
        worker = workshop.worker(finder)
        cancel(workshop.store, RUN)
        worker.controls = controls_in_force(workshop.store)
        workshop.bus.publish(FETCHED)
        assert worker.handle(workshop.next()) is Outcome.CANCELLED
        assert finder.consumed == workshop.announced() == []
        assert workshop.bus.depths()["finder"] == Depth()

    def test_a_run_that_has_just_been_taken_up_again_is_not_forgotten(self, workshop: Workshop) -> None:
        worker = workshop.worker(Finder(counting))
        cancel(workshop.store, RUN)
        worker.controls = controls_in_force(workshop.store)
        try_again(workshop.store, RUN)
        workshop.bus.publish(FETCHED)
        assert worker.handle(workshop.next()) is Outcome.DONE

    def test_long_work_on_a_run_that_gets_cancelled_is_given_up(self, workshop: Workshop) -> None:
        def cancelled_meanwhile(message: ImageFetched, context: Context) -> Iterable[Message]:
            cancel(workshop.store, RUN)
            worker.controls = controls_in_force(workshop.store)
            if context.stopping():
                raise Interrupted
            return counting(message, context)

        worker = workshop.worker(Finder(cancelled_meanwhile))
        workshop.bus.publish(FETCHED)
        assert worker.handle(workshop.next()) is Outcome.INTERRUPTED
        assert worker.handle(workshop.next()) is Outcome.CANCELLED


class TestBroken:
    def test_what_a_run_asks_for_and_cannot_have_ends_no_worker(self, workshop: Workshop) -> None:
        worker = workshop.worker(Finder(failing(RunUnusable("the cascade is gone"))))
        workshop.bus.publish(FETCHED)
        assert worker.handle(workshop.next()) is Outcome.DEAD
        assert (worker.broken, workshop.dead_letter().error) == (None, "RunUnusable")

    def test_a_stage_that_does_not_work_for_an_item_is_tried_again_by_whichever_machine(
        self, workshop: Workshop
    ) -> None:
        stage = Finder(failing(*[Unusable("finds no face")] * 2))
        assert workshop.work_through(stage, FETCHED) == [Outcome.RETRIED, Outcome.RETRIED, Outcome.DONE]

    def test_workers_that_break_one_after_the_other_on_one_message_are_at_most_five(self, workshop: Workshop) -> None:
        workshop.bus.publish(FETCHED)
        outcomes = []
        while workshop.bus.depths()["finder"].waiting:
            worker = workshop.worker(Finder(failing(SettingsError("the store's keys are refused"))))
            outcomes.append(worker.handle(workshop.next()))
            assert worker.broken is None or isinstance(worker.broken, SettingsError)
        assert outcomes == [Outcome.INTERRUPTED] * (SUSPECT + CONDEMNED) + [Outcome.DEAD]
        assert workshop.dead_letter().error == "WorkerVanished"

    def test_whatever_ends_a_thread_is_known(self, workshop: Workshop) -> None:
        def leave(message: ImageFetched, context: Context) -> Iterable[Message]:
            raise SystemExit(3)

        worker = workshop.worker(Finder(leave))
        workshop.bus.publish(FETCHED)
        worker.consume(workshop.consumer)
        assert isinstance(worker.broken, SystemExit)


class TestAwayMeanwhile:
    def test_no_more_work_is_taken_while_the_store_is_away(self, tmp_path: Path, recipe: Recipe) -> None:
        class Absent(FolderStore):
            until = 0
            consumed = 0

            def exists(self, key: str) -> bool:
                self.consumed += 1
                if self.consumed <= self.until:
                    raise StoreUnavailable("away")
                return super().exists(key)

        store = Absent(tmp_path / "absent")
        open_run(store, recipe)
        workshop = Workshop(store)
        worker = workshop.worker(Finder(failing(StoreUnavailable("away"))))
        for entry in ("1" * 20, "2" * 20):
            workshop.bus.publish(FETCHED.model_copy(update={"entry": entry}))
        store.until = 2
        assert worker.handle(workshop.next()) is Outcome.RETRIED
        thread = threading.Thread(target=worker.consume, args=(workshop.consumer,))
        thread.start()
        while not worker.outcomes[Outcome.DONE]:
            time.sleep(0.01)
        worker.drain()
        thread.join(20)
        assert store.consumed > 2
        assert worker.outcomes == {Outcome.RETRIED: 1, Outcome.DONE: 1}

    def test_an_answer_waits_for_the_broker(self, workshop: Workshop) -> None:
        class Stammering:
            body, attempt, redeliveries, epoch, age, bulk = FETCHED.encode(), 1, 0, 0, 0.0, False
            tries = 0

            def ack(self) -> None:
                self.tries += 1
                if self.tries < 2:
                    raise BusUnavailable("away")

            def retry(self, after: float) -> None: ...
            def dead(self, reason: str, error: str) -> None: ...
            def requeue(self) -> None: ...

        delivery = Stammering()
        assert workshop.worker(Finder(counting)).handle(delivery) is Outcome.DONE
        assert delivery.tries == 2


def test_all_log_lines_about_a_picture_share_a_trace() -> None:
    face = FaceDropped(run=RUN, entry=ENTRY, face=1, stage="finder", reason=Reason.FACE_TOO_SMALL)
    other = FETCHED.model_copy(update={"run": "anya-002"})
    assert logs.trace_id(FETCHED) == logs.trace_id(face) != logs.trace_id(other)
