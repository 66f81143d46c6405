"""What Prometheus is told of workers, stores and brokers."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.bus import MemoryBus, letters
from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.declaration import Declaration, Queue
from shared.contract.errors import NotFound, Poison, StoreUnavailable
from shared.contract.messages import FacesCounted, ImageFetched, Message
from shared.contract.stage import Context, Stage
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.runtime.health import Health
from shared.runtime.observed_store import ObservedStore
from shared.runtime.outcome import Outcome
from shared.runtime.retry import RetryLadder
from shared.runtime.stage_process import StageProcess
from shared.runtime.worker import Worker
from shared.settings import settings
from shared.store import FolderStore, Store
from tests.faults.place import wait_until
from tests.faults.toy import Copier
from tests.servers.rabbitmq import RabbitMQServer

FETCHED = ImageFetched(run="anya-001", entry="0a" * 10, image="0b" * 32, source=0)
COUNTED = FacesCounted(run="anya-001", entry="0a" * 10, image="0b" * 32, faces=2)

Work = Callable[[ImageFetched, Context], Iterable[Message]]


def value(name: str, **labels: str) -> float | None:
    """What a scrape would find now; None when there is no such series."""
    return REGISTRY.get_sample_value(name, labels)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> str:
    """A stage that no other test has, since all share the process's metrics."""
    return str(request.node.name).replace("_", "-")


class Doing(Stage[ImageFetched, None]):
    """Does what it was made with, under the name that it was made with."""

    def __init__(self, name: str, work: Work) -> None:
        self.declaration = Declaration(name=name, consumes=(ImageFetched,), produces=(FacesCounted,))
        self._work = work

    def process(self, message: ImageFetched, settings: None, context: Context) -> Iterable[Message]:
        return self._work(message, context)


class TestWorker:
    now = 0.0

    @pytest.fixture
    def store(self, tmp_path: Path, recipe: Recipe) -> Store:
        store = FolderStore(tmp_path / "store")
        open_run(store, recipe)
        return store

    def handled(self, store: Store, stage: str, work: Work) -> list[Outcome]:
        """Publish one message and work on it until it is settled; each delivery comes a hundred seconds later."""
        doing = Doing(stage, work)
        bus = MemoryBus([doing.declaration.inbox], clock=lambda: self.now)
        consumer, outcomes = bus.consume(stage), []
        worker = Worker(doing, bus, store, RetryLadder((1.0,)))
        bus.publish(FETCHED)
        while bus.depths()[stage].waiting:
            self.now += 100
            delivery = consumer.receive(0)
            assert delivery is not None
            outcomes.append(worker.handle(delivery))
        return outcomes

    def test_counts_begin_at_zero_so_that_the_first_is_an_increase(self, store: Store, stage: str) -> None:
        seen: list[float | None] = []

        def look(message: ImageFetched, context: Context) -> Iterable[Message]:
            seen.extend(value("magritte_items_total", stage=stage, outcome=outcome) for outcome in Outcome)
            return ()

        self.handled(store, stage, look)
        assert seen == [0.0] * len(Outcome)
        assert value("magritte_items_total", stage=stage, outcome="done") == 1.0

    def test_an_item_is_as_old_as_its_message_with_all_its_attempts(self, store: Store, stage: str) -> None:
        failures = [ValueError("once")]

        def fail_once(message: ImageFetched, context: Context) -> Iterable[Message]:
            if failures:
                raise failures.pop()
            return ()

        assert self.handled(store, stage, fail_once) == [Outcome.RETRIED, Outcome.DONE]
        assert value("magritte_item_age_seconds_count", stage=stage) == 1.0
        assert value("magritte_item_age_seconds_sum", stage=stage) == 200.0

    def test_every_attempt_takes_its_time_also_one_that_fails(self, store: Store, stage: str) -> None:
        def fail(message: ImageFetched, context: Context) -> Iterable[Message]:
            raise Poison("never")

        assert self.handled(store, stage, fail) == [Outcome.DEAD]
        assert value("magritte_item_seconds_count", stage=stage) == 1.0
        assert value("magritte_dead_total", stage=stage, error="Poison") == 1.0
        assert value("magritte_item_age_seconds_sum", stage=stage) == 100.0

    def test_every_published_message_is_timed(self, store: Store, stage: str) -> None:
        self.handled(store, stage, lambda *_: [COUNTED, COUNTED])
        assert value("magritte_publish_seconds_count", stage=stage) == 2.0

    def test_long_work_shows_each_step_by_asking_whether_to_stop(self, store: Store, stage: str) -> None:
        steps: list[float | None] = []

        def step_twice(message: ImageFetched, context: Context) -> Iterable[Message]:
            steps.append(value("magritte_last_step_timestamp_seconds", stage=stage))
            for _ in range(2):
                context.stopping()
                steps.append(value("magritte_last_step_timestamp_seconds", stage=stage))
                time.sleep(0.01)
            return ()

        began = time.time()
        self.handled(store, stage, step_twice)
        before, first, second = steps
        assert before is None
        assert first is not None
        assert second is not None
        assert began <= first < second <= time.time()


class Failing(FolderStore):
    """A store that is away."""

    away = True

    def put(self, key: str, data: bytes) -> None:
        if self.away:
            raise StoreUnavailable("away")
        super().put(key, data)

    def exists(self, key: str) -> bool:
        if self.away:
            raise StoreUnavailable("away")
        return super().exists(key)

    def list(self, prefix: str) -> Iterator[str]:
        if self.away:
            raise StoreUnavailable("away")
        yield from super().list(prefix)


class TestStore:
    @pytest.fixture
    def store(self, tmp_path: Path, stage: str) -> ObservedStore:
        return ObservedStore(FolderStore(tmp_path / "store"), stage)

    @staticmethod
    def count_of(stage: str, op: str, outcome: str) -> float | None:
        return value("magritte_store_seconds_count", stage=stage, op=op, outcome=outcome)

    def test_it_answers_as_the_store_behind_it(self, store: ObservedStore, tmp_path: Path) -> None:
        store.prepare()
        store.put("a/b", b"1")
        assert store.get("a/b") == b"1"
        assert store.put_new("a/b", b"2") is False
        assert store.put_new("a/c", b"2") is True
        (tmp_path / "local").write_bytes(b"3")
        store.put_file("a/d", tmp_path / "local")
        with store.file("a/d") as path:
            assert path.read_bytes() == b"3"
        assert list(store.list("a/")) == ["a/b", "a/c", "a/d"]
        store.delete("a/b")
        assert not store.exists("a/b")
        assert store.url("a/c").endswith("a/c")

    @pytest.mark.parametrize(
        ("op", "call"),
        [
            ("get", lambda store, _: store.get("a/b")),
            ("put", lambda store, _: store.put("a/c", b"")),
            ("put_new", lambda store, _: store.put_new("a/c", b"")),
            ("put_file", lambda store, path: store.put_file("a/c", path)),
            ("file", lambda store, _: store.file("a/b").__enter__()),
            ("exists", lambda store, _: store.exists("a/c")),
            ("list", lambda store, _: list(store.list("a/"))),
            ("delete", lambda store, _: store.delete("a/c")),
        ],
    )
    def test_every_operation_is_timed(
        self, store: ObservedStore, stage: str, tmp_path: Path, op: str, call: Callable[[Store, Path], Any]
    ) -> None:
        FolderStore(tmp_path / "store").put("a/b", b"1")
        (tmp_path / "local").write_bytes(b"2")
        call(store, tmp_path / "local")
        assert self.count_of(stage, op, "done") == 1.0

    def test_an_object_that_does_not_exist_is_no_failure(self, store: ObservedStore, stage: str) -> None:
        with pytest.raises(NotFound):
            store.get("a/b")
        with pytest.raises(NotFound), store.file("a/b"):
            pass
        assert [self.count_of(stage, op, "absent") for op in ("get", "file")] == [1.0, 1.0]
        assert [self.count_of(stage, op, "failed") for op in ("get", "file")] == [None, None]

    def test_a_store_that_is_away_fails(self, tmp_path: Path, stage: str) -> None:
        store = ObservedStore(Failing(tmp_path), stage)
        for call in (lambda: store.put("a/b", b""), lambda: store.exists("a/b"), lambda: store.list("a/")):
            with pytest.raises(StoreUnavailable):
                call()
        assert [self.count_of(stage, op, "failed") for op in ("put", "exists", "list")] == [1.0, 1.0, 1.0]

    def test_what_fails_while_a_file_is_in_use_is_not_the_store_s_fault(self, store: ObservedStore, stage: str) -> None:
        store.put("a/b", b"1")
        with pytest.raises(ValueError, match="mine"), store.file("a/b"):
            raise ValueError("mine")
        assert self.count_of(stage, "file", "done") == 1.0
        assert self.count_of(stage, "file", "failed") is None


def test_a_process_counts_that_its_store_came_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_THREADS", "1")
    store, health = Failing(tmp_path / "store"), Health()
    ending = SimpleNamespace(requested=threading.Event(), insisted=threading.Event())  # without the process's signals
    toy = Copier(tmp_path)
    process = StageProcess([toy], MemoryBus([toy.declaration.inbox]), store, settings(), health)
    before = value("magritte_reconnects_total", stage="upscaler", to="store") or 0.0
    thread = threading.Thread(target=process.run, args=(ending,))
    thread.start()
    try:
        wait_until(lambda: health.last_tick is not None, "a look at a store that is away")
        assert not health.ready
        store.away = False
        wait_until(lambda: health.ready, "a look at one that is back")
    finally:
        ending.requested.set()
        thread.join(60)
    assert value("magritte_reconnects_total", stage="upscaler", to="store") == before + 1
    assert value("magritte_broker_connected", stage="upscaler") == 1.0


class TestRabbitMQ:
    QUEUES = (Queue("counter", (ImageFetched,)),)

    @pytest.fixture
    def vhost(self, rabbitmq: RabbitMQServer) -> Iterator[str]:
        name = rabbitmq.vhost()
        yield name
        rabbitmq.remove_vhost(name)

    @pytest.fixture
    def bus(self, rabbitmq: RabbitMQServer, vhost: str) -> Iterator[RabbitMQBus]:
        bus = RabbitMQBus(rabbitmq.address(vhost), self.QUEUES, (0.5,))
        bus.connect(30.0)
        yield bus
        bus.close()

    def test_a_message_grows_old_also_while_it_waits_for_another_attempt(self, bus: RabbitMQBus) -> None:
        consumer = bus.consume("counter")
        bus.publish(FETCHED)
        first = consumer.receive(30.0)
        assert first is not None
        assert 0.0 <= first.age < 30.0
        first.retry(0.5)
        again = consumer.receive(30.0)
        assert again is not None
        assert again.age >= 0.5
        again.ack()

    def test_a_connection_that_was_lost_and_made_anew_is_counted(
        self, bus: RabbitMQBus, rabbitmq: RabbitMQServer, vhost: str
    ) -> None:
        assert bus.reconnects == 0
        rabbitmq.ctl("close_all_connections", "--vhost", vhost, "of a test")
        wait_until(lambda: bus.reconnects == 2 and bus.is_connected, "both connections made anew")


@pytest.mark.parametrize("headers", [{}, {"published": "yesterday"}])
def test_a_message_that_does_not_say_when_it_was_published_counts_from_its_delivery(headers: dict[str, Any]) -> None:
    assert letters.published(headers, now=7.0) == 7.0


def test_when_a_message_was_published_survives_retries() -> None:
    headers = letters.of_retry(letters.of_new(now=1234.5678))
    assert letters.published(headers, now=9999.0) == pytest.approx(1234.568)
