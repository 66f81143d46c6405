"""What the rights look like. That they are enough, and no more, is tried in tests/pipeline and tests/deploy."""

import re

import pytest

from deploy.access import (
    OPERATOR,
    StoreRights,
    broker_rights,
    broker_users,
    definitions,
    is_hash_of,
    operator_broker_rights,
    password_hash,
    s3_policy,
    store_users,
)
from services.magritte.pipeline import PIPELINE
from shared.bus.topology import Topology, dead_queue, lanes
from shared.contract import keys

PAUSES = (0.5, 600.0)
TOPOLOGY = Topology(PIPELINE.queues, PAUSES)
NAMES = {*(each.name for each in TOPOLOGY.exchanges()), *(each.name for each in TOPOLOGY.broker_queues())}


def matched(expression: str, names: set[str]) -> set[str]:
    return {name for name in names if re.search(expression, name)}


@pytest.mark.parametrize("container", PIPELINE.containers)
def test_a_stage_writes_to_all_exchanges_reads_its_queues_and_declares_nothing(container: str) -> None:
    rights = broker_rights(PIPELINE.containers[container])
    assert matched(rights.write, NAMES) == {each.name for each in TOPOLOGY.exchanges()}
    own = {name for stage in PIPELINE.containers[container] for name in lanes(stage.inbox)}
    assert matched(rights.read, NAMES) == own
    assert matched(rights.configure, NAMES) == set()


def test_the_command_line_may_do_everything_with_what_is_ours_and_nothing_with_the_rest() -> None:
    others = {"amq.topic", "ranker2", "my.ranker", "ranker.dead2", "facexdetector", "magritte.workshop"}
    for expression in vars(operator_broker_rights(PIPELINE)).values():
        assert matched(expression, NAMES | others) == NAMES


def test_definitions_hold_the_whole_topology_and_every_user() -> None:
    found = definitions(PIPELINE, dict.fromkeys(broker_users(PIPELINE), "hash"), PAUSES, "v")
    assert {each["name"] for each in [*found["exchanges"], *found["queues"]]} == NAMES
    bound = {(each["source"], each["destination"], each["routing_key"]) for each in found["bindings"]}
    assert bound >= {("magritte.dead", dead_queue(q.name), q.name) for q in PIPELINE.queues}
    assert len(bound) == len(found["queues"])
    assert {each["user"] for each in found["permissions"]} == {each["name"] for each in found["users"]}
    assert {each["vhost"] for each in found["permissions"]} == {each["vhost"] for each in found["queues"]} == {"v"}


def test_a_password_is_hashed_as_the_broker_does() -> None:
    known = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"  # of RabbitMQ's own documentation
    assert password_hash("test12", bytes.fromhex("908DC60A")) == known
    assert is_hash_of(known, "test12")
    assert not is_hash_of(known, "test13")


@pytest.mark.parametrize("hashed", ["", "no base64", "AAAA"])
def test_what_is_no_hash_is_the_hash_of_nothing(hashed: str) -> None:
    assert not is_hash_of(hashed, "")


def test_a_policy_is_about_a_bucket_or_what_is_below_a_prefix_in_it() -> None:
    rights = StoreRights(reads=("crops/*",), writes=("probe/*",), deletes=("probe/*",))
    for prefix, below in (("", "arn:aws:s3:::b/"), ("anya/2", "arn:aws:s3:::b/anya/2/")):
        listing, reading, writing, deleting = s3_policy(rights, "b", prefix)["Statement"]
        assert listing["Resource"] == ["arn:aws:s3:::b"]
        assert reading["Resource"] == [below + "crops/*"]
        assert writing["Resource"] == deleting["Resource"] == [below + "probe/*"]
        assert "Principal" not in reading


def test_originals_are_written_by_the_scraper_alone_and_trainings_deleted_by_the_trainer_alone() -> None:
    rights = store_users(PIPELINE)
    assert [user for user, its in rights.items() if its.allow("writes", "originals/0a/0a")] == ["scraper"]
    deleting = [user for user, its in rights.items() if its.allow("deletes", "trainings/0a/000001/checkpoint-0a.npz")]
    assert deleting == ["trainer"]


@pytest.mark.parametrize("user", store_users(PIPELINE))
def test_what_has_happened_in_a_run_is_written_by_the_owner_of_the_ledger_and_by_commands(user: str) -> None:
    ledger = [keys.journal("anya-001", 1), keys.checkpoint("anya-001", 1), keys.state("anya-001")]
    may_write = user in ("tfrecord-packer", OPERATOR)
    assert {store_users(PIPELINE)[user].allow("writes", key) for key in ledger} == {may_write}
    assert not store_users(PIPELINE)[user].allow("deletes", keys.journal("anya-001", 1))


def test_an_event_is_written_by_a_stage_that_emits_some_and_in_its_own_name_alone() -> None:
    events = {stage: keys.event("anya-001", stage, "tick") for stage in PIPELINE.containers}
    written = {
        (user, stage)
        for user, rights in store_users(PIPELINE).items()
        for stage, key in events.items()
        if rights.allow("writes", key)
    }
    assert written == {(stage, stage) for stage in ("tfrecord-packer", "trainer")}


def test_the_wish_to_retry_is_written_by_the_command_line_and_read_by_the_scraper() -> None:
    key = keys.retry_failed("anya-001")
    rights = store_users(PIPELINE)
    assert rights[OPERATOR].allow("writes", key)
    assert [user for user, its in rights.items() if its.allow("reads", key)] == ["scraper", OPERATOR]


def test_the_command_line_records_what_it_has_searched_for_faces_and_no_other_results() -> None:
    operator = store_users(PIPELINE)[OPERATOR]
    assert operator.allow("writes", keys.action("face-detector", "ab" * 32))
    assert not operator.allow("writes", keys.action("deduper", "ab" * 32))
    assert not operator.allow("writes", keys.crop("ab" * 32))
