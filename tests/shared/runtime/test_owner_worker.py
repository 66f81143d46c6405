"""An owner at work: what becomes of a batch, and of the one message in it that is to blame."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from shared.bus import MemoryBus
from shared.bus.lanes import EXPRESS_MESSAGES
from shared.contract.declaration import Batching, Declaration
from shared.contract.errors import Poison, SettingsError, StoreUnavailable
from shared.contract.messages import ImageDropped, ImageFetched, ItemDied, Message, Stamp, decode_message
from shared.contract.owner import Owner, Received
from shared.contract.reasons import Reason
from shared.contract.stage import Context, Stage
from shared.recipe.recipe import Recipe
from shared.runs.controls import cancel, controls_in_force
from shared.runs.dead_letters import letters
from shared.runs.registry import open_run
from shared.runtime.outcome import Outcome
from shared.runtime.owner_worker import OwnerWorker, receive_batch, worker_class
from shared.runtime.retry import RetryLadder
from shared.runtime.worker import Worker
from shared.store import FolderStore

RUN = "anya-001"
LADDER = RetryLadder((1.0, 1.0))
WATCHED = Declaration(name="watched", consumes=(ImageDropped, ItemDied))


class Counter(Owner[ImageFetched, None]):
    """Drops every picture; refuses a batch that has one of `bad` in it, and fails with `errors` in turn before that."""

    declaration = Declaration(
        name="counter",
        consumes=(ImageFetched,),
        produces=(ImageDropped,),
        batching=Batching(most=100, gap=0.0, longest=60.0),
    )

    def __init__(self, *errors: Exception, bad: Sequence[int] = ()) -> None:
        self.errors = list(errors)
        self.bad = bad
        self.batches: list[tuple[str, list[int]]] = []
        self.stamps: list[str] = []
        self.rests = 0

    def process_batch(
        self, run: str, batch: Sequence[Received[ImageFetched]], settings: None, context: Context
    ) -> Iterable[Message]:
        numbers = [int(received.message.entry, 16) for received in batch]
        if self.errors:
            raise self.errors.pop(0)
        if set(numbers) & set(self.bad):
            raise Poison("it is bad")
        self.batches.append((run, numbers))
        self.stamps += [received.stamp.stage for received in batch]
        for received in batch:
            yield ImageDropped(run=run, entry=received.message.entry, stage=self.name, reason=Reason.NO_FACE)

    def rest(self) -> None:
        self.rests += 1


class Site:
    """An owner on a bus and a store."""

    def __init__(self, store: FolderStore, owner: Counter) -> None:
        self.now = 0.0
        self.store = store
        self.owner = owner
        self.bus = MemoryBus([Counter.declaration.inbox, WATCHED.inbox], capacity=1000, clock=lambda: self.now)
        self.worker = OwnerWorker(owner, self.bus, store, LADDER)
        self.consumer = self.bus.consume("counter", 100)

    def publish(self, numbers: Iterable[int], run: str = RUN, bulk: bool = False) -> None:
        for number in numbers:
            message = ImageFetched(run=run, entry=f"{number:020x}", image="0" * 64, source=0)
            self.bus.publish(message, Stamp(stage="me", bulk=bulk))

    def work(self) -> None:
        """Work on what there is, whatever pauses it takes."""
        while self.bus.depths()["counter"].waiting:
            self.worker.handle_batch(receive_batch(self.consumer, Batching(gap=0.0, longest=60.0)))
            self.now += 1000

    def published(self) -> list[Message]:
        watcher = self.bus.consume("watched", 1000)
        found = []
        while (delivery := watcher.receive(0)) is not None:
            found.append(decode_message(delivery.body))
            delivery.ack()
        return [message for message in found if isinstance(message, ImageDropped)]

    def bulk(self) -> Tally[bool]:
        """Numbers of the messages told that are bulk, and that are not."""
        watcher, found = self.bus.consume("watched", 1000), Tally[bool]()
        while (delivery := watcher.receive(0)) is not None:
            found[delivery.bulk] += 1
            delivery.ack()
        return found


@pytest.fixture(autouse=True)
def _no_log_lines() -> Iterable[None]:
    def swallow(*_: Any) -> Any:
        raise structlog.DropEvent

    structlog.configure(processors=[swallow])
    yield
    structlog.reset_defaults()


@pytest.fixture
def store(tmp_path: Path, recipe: Recipe) -> FolderStore:
    store = FolderStore(tmp_path)
    for name in ("anya", "bea"):
        open_run(store, recipe.model_copy(update={"name": name}))
    return store


def test_an_owner_s_worker_takes_batches_and_any_other_stage_s_one_message_at_a_time() -> None:
    class Plain(Stage[ImageFetched, None]):
        declaration = Counter.declaration

        def process(self, message: ImageFetched, settings: None, context: Context) -> Iterable[Message]:
            return ()

    assert worker_class(Counter()) is OwnerWorker
    assert worker_class(Plain()) is Worker


def test_an_owner_that_declares_no_batches_is_refused() -> None:
    with pytest.raises(TypeError, match="is an owner, and its declaration has no batching"):
        type("Many", (Counter,), {"declaration": replace(Counter.declaration, batching=None)})


def test_what_waits_is_one_batch_per_run_and_acknowledged_as_a_whole(store: FolderStore) -> None:
    site = Site(store, Counter())
    site.publish(range(3))
    site.publish(range(3, 5), "bea-001")
    site.publish([5])
    site.work()
    assert site.owner.batches == [(RUN, [0, 1, 2, 5]), ("bea-001", [3, 4])]
    assert set(site.owner.stamps) == {"me"}
    assert len(site.published()) == 6
    assert site.worker.outcomes == {Outcome.DONE: 6}


def test_what_is_made_of_a_batch_without_bulk_is_not_bulk(store: FolderStore) -> None:
    site = Site(store, Counter())
    site.publish(range(2 * EXPRESS_MESSAGES))
    site.work()
    assert site.owner.batches == [(RUN, list(range(2 * EXPRESS_MESSAGES)))]
    assert site.bulk() == {False: 2 * EXPRESS_MESSAGES}


def test_what_is_made_of_a_batch_with_bulk_in_it_is_bulk_but_not_what_is_made_for_another_run(
    store: FolderStore,
) -> None:
    site = Site(store, Counter())
    site.publish(range(2))
    site.publish([2], bulk=True)
    site.publish([3], "bea-001")
    site.work()
    assert site.bulk() == {True: 3, False: 1}


def test_a_batch_holds_no_more_than_it_may(store: FolderStore) -> None:
    site = Site(store, Counter())
    site.publish(range(5))
    assert len(receive_batch(site.consumer, Batching(most=3, gap=0.0, longest=60.0))) == 3
    assert len(receive_batch(site.consumer, Batching(most=3, gap=0.0, longest=60.0))) == 2


@pytest.mark.parametrize("bad", [[0], [6], [2, 3], [0, 6]])
def test_only_what_is_to_blame_is_buried(store: FolderStore, bad: list[int]) -> None:
    site = Site(store, Counter(bad=bad))
    site.publish(range(7))
    site.work()
    good = [number for number in range(7) if number not in bad]
    assert sorted(number for _, numbers in site.owner.batches for number in numbers) == good
    assert sorted(int(letter.entry, 16) for letter in letters(store, RUN)) == bad
    assert site.worker.outcomes == {Outcome.DONE: len(good), Outcome.DEAD: len(bad)}


def test_a_store_that_is_away_puts_off_the_whole_batch_and_nothing_dies(store: FolderStore) -> None:
    site = Site(store, Counter(*[StoreUnavailable("away")] * 9))
    site.publish(range(4))
    site.work()
    assert site.owner.batches == [(RUN, [0, 1, 2, 3])]
    assert site.worker.outcomes == {Outcome.RETRIED: 36, Outcome.DONE: 4}


def test_an_error_that_passes_is_met_with_the_same_batch_again(store: FolderStore) -> None:
    site = Site(store, Counter(ValueError("odd"), ValueError("odd")))
    site.publish(range(4))
    site.work()
    assert site.owner.batches == [(RUN, [0, 1, 2, 3])]
    assert list(letters(store, RUN)) == []


def test_refused_credentials_end_the_process_and_every_message_goes_back(store: FolderStore) -> None:
    site = Site(store, Counter(SettingsError("no entry")))
    site.publish(range(4))
    site.worker.handle_batch(receive_batch(site.consumer, Batching(gap=0.0, longest=60.0)))
    assert isinstance(site.worker.broken, SettingsError)
    assert site.bus.depths()["counter"].ready == 4


def test_what_has_made_workers_vanish_is_tried_alone(store: FolderStore) -> None:
    site = Site(store, Counter())
    site.publish([1])
    for _ in range(2):
        delivery = site.consumer.receive(0)
        assert delivery is not None
        delivery.requeue()
    site.publish([2, 3])
    site.work()
    assert site.owner.batches == [(RUN, [2, 3]), (RUN, [1])]


def test_what_is_no_message_is_buried_and_the_rest_of_the_batch_done(store: FolderStore) -> None:
    site = Site(store, Counter())
    site.publish([1])
    site.bus.send("counter", b"no message")
    site.publish([2])
    site.work()
    assert site.owner.batches == [(RUN, [1, 2])]
    assert site.worker.outcomes == {Outcome.DONE: 2, Outcome.DEAD: 1}


def test_the_messages_of_a_cancelled_run_are_forgotten(store: FolderStore) -> None:
    site = Site(store, Counter())
    site.publish([1])
    site.publish([2], "bea-001")
    cancel(store, RUN)
    site.worker.controls = controls_in_force(store)
    site.work()
    assert site.owner.batches == [("bea-001", [2])]
    assert site.worker.outcomes == {Outcome.DONE: 1, Outcome.CANCELLED: 1}


def test_an_owner_writes_what_it_has_put_off_when_nothing_waits_and_at_the_end(store: FolderStore) -> None:
    site = Site(store, Counter())
    site.publish([1])
    site.worker.drain()
    site.worker.consume(site.consumer)
    assert site.owner.batches == [(RUN, [1])]
    assert site.owner.rests == 2
