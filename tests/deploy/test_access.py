"""The rights of `deploy.access` on a real broker and a real S3 server: enough for every stage, and no more."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pika  # type: ignore[import-untyped]
import pytest
from minio import Minio
from pika.adapters.blocking_connection import BlockingChannel  # type: ignore[import-untyped]
from pika.exceptions import ChannelClosedByBroker  # type: ignore[import-untyped]

from demo.character import HEROINE, any_pose
from demo.drawing import draw
from deploy import access
from deploy.access import MONITOR, OPERATOR
from services.magritte.pipeline import PIPELINE, load_all
from shared.bus import Consumer, Delivery
from shared.bus.rabbitmq import RabbitMQBus
from shared.contract import keys
from shared.contract.errors import SettingsError
from shared.contract.messages import ImageFetched, RunRequested
from shared.ledger.fates import Fate
from shared.recipe.recipe import Recipe
from shared.runs.registry import is_finished, open_run, read_state
from shared.runtime.owner_worker import worker_class
from shared.runtime.retry import RetryLadder
from shared.runtime.worker import Worker
from shared.runtime.worker_threads import WorkerThreads
from shared.store.s3 import S3Store, open_s3
from tests.servers.rabbitmq import RabbitMQServer
from tests.servers.radosgw import Radosgw
from tests.shared.ledgers import tally_of

PASSWORD = "of-a-test"
PAUSES = (0.05,)
SOON = 30.0
BUCKET = "guarded"
STAGES = list(PIPELINE.containers)
REQUESTED = RunRequested(run="anya-001", source=0)
FETCHED = ImageFetched(run="anya-001", entry="0a" * 10, image="0b" * 32, source=0, score=0)

OpenBus = Callable[[str], RabbitMQBus]
OpenStore = Callable[[str], S3Store]


class Users:
    """The users of a broker, in a virtual host that has been made by importing definitions."""

    def __init__(self, server: RabbitMQServer, folder: Path, vhost: str) -> None:
        self._server = server
        self._vhost = vhost
        server.add_vhost(vhost)
        hashes = {user: access.password_hash(PASSWORD, user.encode()[:4]) for user in access.broker_users(PIPELINE)}
        self.definitions = access.definitions(PIPELINE, hashes, PAUSES, vhost)
        self._file = folder / f"{vhost}.json"

    def take(self, *sections: str) -> None:
        self._file.write_text(json.dumps({name: self.definitions[name] for name in sections}))
        self._server.ctl("import_definitions", str(self._file))

    def address(self, user: str) -> str:
        return self._server.address(self._vhost).replace("guest:guest", f"{user}:{PASSWORD}")


@pytest.fixture(scope="module")
def users(rabbitmq: RabbitMQServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Users]:
    users = Users(rabbitmq, tmp_path_factory.mktemp("definitions"), "guarded")
    users.take("users", "vhosts", "permissions", "exchanges", "queues", "bindings")
    yield users
    rabbitmq.remove_vhost("guarded")


@pytest.fixture(scope="module")
def bare(rabbitmq: RabbitMQServer, users: Users, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Users]:
    """The same users where nothing has been declared."""
    bare = Users(rabbitmq, tmp_path_factory.mktemp("definitions"), "bare")
    bare.take("permissions")
    yield bare
    rabbitmq.remove_vhost("bare")


@pytest.fixture
def bus(users: Users) -> Iterator[OpenBus]:
    opened = []

    def bus(user: str) -> RabbitMQBus:
        opened.append(RabbitMQBus(users.address(user), PIPELINE.queues, pauses=PAUSES, name=user, patience=SOON))
        opened[-1].connect(SOON)
        return opened[-1]

    yield bus
    for each in opened:
        each.close()


@pytest.fixture
def channel(users: Users) -> Iterator[Callable[[str], BlockingChannel]]:
    opened = []

    def channel(user: str) -> BlockingChannel:
        opened.append(pika.BlockingConnection(pika.URLParameters(users.address(user))))
        return opened[-1].channel()

    yield channel
    for each in opened:
        each.close()


def take(consumer: Consumer) -> Delivery:
    delivery = consumer.receive(SOON)
    assert delivery is not None
    return delivery


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_do_its_work_at_the_broker(bus: OpenBus, stage: str) -> None:
    operator, worker = bus(OPERATOR), bus(stage)
    for queue in (each.queue for each in PIPELINE.containers[stage]):
        consumer = worker.consume(queue)
        operator.send(queue, REQUESTED.encode())
        take(consumer).retry(0.0)
        again = take(consumer)
        assert again.attempt == 2
        again.requeue()
        take(consumer).dead("of no use", "Poison")
        assert [letter.reason for letter in operator.remove_dead(queue, lambda _: True)] == ["of no use"]
        consumer.close()


def test_what_a_stage_publishes_reaches_the_next(bus: OpenBus) -> None:
    bus("scraper").publish(FETCHED)
    delivery = take(bus("deduper").consume("deduper"))
    assert delivery.body == FETCHED.encode()
    delivery.ack()


REFUSED: dict[str, Callable[[BlockingChannel], object]] = {
    "consume another's queue": lambda channel: channel.basic_consume("ranker", print),
    "get from another's queue": lambda channel: channel.basic_get("ranker"),
    "purge another's queue": lambda channel: channel.queue_purge("ranker"),
    "read its own dead letters": lambda channel: channel.basic_get("deduper.dead"),
    "read what waits for another attempt": lambda channel: channel.basic_get("magritte.delay.0.05s"),
    "declare a queue": lambda channel: channel.queue_declare("mine"),
    "declare an exchange": lambda channel: channel.exchange_declare("mine"),
    "delete its queue": lambda channel: channel.queue_delete("deduper"),
    "delete an exchange": lambda channel: channel.exchange_delete("magritte.work"),
    "listen in on all messages": lambda channel: channel.queue_bind("deduper", "magritte.work", "ranker"),
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED)
def test_a_stage_is_refused_everything_else(
    channel: Callable[[str], BlockingChannel], attempt: Callable[[BlockingChannel], object]
) -> None:
    with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
        attempt(channel("deduper"))


def test_a_stage_may_not_publish_past_the_exchanges(channel: Callable[[str], BlockingChannel]) -> None:
    confirmed = channel("deduper")
    confirmed.confirm_delivery()
    with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
        confirmed.basic_publish("", "ranker", b"{}")


@pytest.mark.parametrize("user", [OPERATOR, MONITOR])
def test_the_others_are_kept_to_what_is_ours(channel: Callable[[str], BlockingChannel], user: str) -> None:
    with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
        channel(user).queue_declare("of somebody else")


def test_who_watches_reads_no_message(channel: Callable[[str], BlockingChannel]) -> None:
    with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
        channel(MONITOR).basic_get("deduper")


def test_a_stage_that_finds_no_queues_says_who_makes_them_and_works_once_they_are_there(bare: Users) -> None:
    with closing(RabbitMQBus(bare.address("ranker"), PIPELINE.queues, pauses=PAUSES)) as stage:
        with pytest.raises(SettingsError, match=r"has no magritte\.dead, .* run `magritte setup`"):
            stage.connect(SOON)
        with closing(RabbitMQBus(bare.address(OPERATOR), PIPELINE.queues, pauses=PAUSES)) as operator:
            operator.connect(SOON)
            while not stage.is_connected:
                time.sleep(0.05)
                with suppress(SettingsError):
                    stage.connect(SOON)
            stage.publish(REQUESTED)
            assert operator.depths()["scraper"].ready == 1


class GuardedRadosgw(Radosgw):
    """A server with all our users, and a bucket of somebody else's whose policy tells them apart."""

    def add_user(self, user: str) -> None:
        about = (f"--uid={user}", f"--display-name={user}", f"--access-key={user}", f"--secret-key={PASSWORD}")
        self._run("radosgw-admin", *self._configured, "--name=client.rgw", "user", "create", *about)

    def guard(self) -> None:
        owner = Minio(self.endpoint[7:], self.access_key, self.secret_key, secure=False)
        owner.make_bucket(BUCKET)
        owner.set_bucket_policy(BUCKET, json.dumps(access.bucket_policy(PIPELINE, BUCKET)))

    def store(self, user: str) -> S3Store:
        return open_s3(BUCKET, self.settings(BUCKET, s3_access_key=user, s3_secret_key=PASSWORD))

    def of_owner(self) -> S3Store:
        return open_s3(BUCKET, self.settings(BUCKET))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedRadosgw]:
    if missing := Radosgw.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {', '.join(missing)}")
    with GuardedRadosgw(tmp_path_factory.mktemp("guarded")) as server:
        for user in access.store_users(PIPELINE):
            server.add_user(user)
        server.guard()
        yield server


DIGEST = "0d" * 32
OBJECTS = (
    keys.original(DIGEST),
    keys.crop(DIGEST),
    keys.normalized(DIGEST),
    keys.recipe("anya-001"),
    keys.paused("ranker"),
    keys.cancelled("anya-001"),
    keys.listing("anya-001", 0),
    keys.arrival("anya-001", 1),
    keys.face_index("anya-001"),
    keys.journal("anya-001", 1),
    keys.checkpoint("anya-001", 1),
    keys.state("anya-001"),
    keys.verdict("anya", 1),
    keys.dataset_version("anya-001", 1),
    keys.dataset(DIGEST, keys.MANIFEST),
    keys.leg(DIGEST, 1, "checkpoint-0d.npz"),
    keys.leg(DIGEST, 1, "ranking-0d.csv"),
    *(keys.action(stage, DIGEST) for stage in ("scraper", "ranker")),
    *(
        keys.dead("anya-001", queue, "run-0d")
        for queue in ("scraper", "deduper.index", "tfrecord-packer.ledger", "ranker")
    ),
    *(keys.suspect("anya-001", queue, "0d") for queue in ("scraper", "deduper.index", "ranker")),
    *(keys.event("anya-001", stage, "tick") for stage in ("trainer", "ranker")),
)


def outcomes(store: S3Store, key: str) -> dict[str, bool]:
    """What a user is let do with an object."""
    does: dict[str, Callable[[], object]] = {
        "reads": lambda: store.get(key),
        "writes": lambda: store.put(key, b"{}"),
        "deletes": lambda: store.delete(key),
    }
    allowed = dict.fromkeys(does, True)
    for name, attempt in does.items():
        try:
            attempt()
        except SettingsError:
            allowed[name] = False
    return allowed


@pytest.mark.parametrize("user", access.store_users(PIPELINE))
def test_a_user_may_do_in_the_store_what_the_table_says_and_nothing_else(guarded: GuardedRadosgw, user: str) -> None:
    owner, store, rights = guarded.of_owner(), guarded.store(user), access.store_users(PIPELINE)[user]
    for key in OBJECTS:
        owner.put(key, b"{}")
        assert outcomes(store, key) == {does: rights.allow(does, key) for does in ("reads", "writes", "deletes")}, key


@pytest.mark.parametrize("user", access.store_users(PIPELINE))
def test_a_user_can_prove_that_its_store_works_and_tells_what_is_not_there(guarded: GuardedRadosgw, user: str) -> None:
    store = guarded.store(user)
    store.prepare()
    assert not store.exists(keys.recipe("nobody-001"))
    assert list(store.list(keys.CONTROLS + "nothing/")) == []


def test_large_files_are_put_in_parts_by_those_who_may(guarded: GuardedRadosgw, tmp_path: Path) -> None:
    path, key = tmp_path / "network.npz", keys.leg(DIGEST, 2, "network-0d.npz")
    path.write_bytes(bytes(17 * 2**20))
    with pytest.raises(SettingsError, match="refused"):
        guarded.store("ranker").put_file(key, path)
    guarded.store("trainer").put_file(key, path)
    assert guarded.store(OPERATOR).exists(key)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three drawings of a character, of which one is there twice."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (0, 1, 2, 0):
        random = Random(number)
        name = f"{len(list(folder.iterdir()))}.png"
        (folder / name).write_bytes(draw(HEROINE, any_pose(random), random, (360, 450)))
    return folder


@pytest.fixture
def workers(guarded: GuardedRadosgw, bus: OpenBus) -> Iterator[list[Worker]]:
    """All stages at work, each as its own user of broker and store."""
    workers, pools = [], []
    for stage in load_all():
        own = bus(stage.name)
        workers.append(worker_class(stage)(stage, own, guarded.store(stage.name), RetryLadder(PAUSES)))
        pools.append(WorkerThreads(workers[-1], own, 1))
        pools[-1].start()
    yield workers
    for worker, pool in zip(workers, pools, strict=True):
        worker.stop()
        assert pool.join(SOON)
        worker.stage.close()


def test_a_run_comes_to_its_end_with_nothing_but_these_rights(
    guarded: GuardedRadosgw, bus: OpenBus, workers: list[Worker], pictures: Path
) -> None:
    own = {"normalized": {"size": 8}, "upscaling": {"enabled": False}, "training": {"kimg": 0}}
    recipe = Recipe.model_validate({"name": "guarded", "sources": [{"folder": pictures}], **own})
    store = guarded.store(OPERATOR)
    run = open_run(store, recipe).name
    bus(OPERATOR).publish(RunRequested(run=run, source=0))
    give_up = time.monotonic() + 4 * SOON
    while not is_finished(store, run) and time.monotonic() < give_up:
        assert [worker.broken for worker in workers] == [None] * len(workers)
        time.sleep(0.2)
    assert is_finished(store, run)
    tally = tally_of(store, run)
    fates = sorted(tally.settlement(entry).fate for entry in tally)
    assert fates == [Fate.DROPPED, *[Fate.IN_DATASET] * 3]
    assert read_state(store, run).dataset is not None
