import json

import pytest

from shared.bus.rabbitmq import RabbitMQBus
from shared.contract.errors import NotFound
from shared.contract.messages import TrainingDue, decode_message
from shared.ledger.progress import Phase
from shared.recipe.train_on import Carried
from shared.runs.registry import phase_of, read_state
from shared.runs.run_trainings import newest_number, read_training
from shared.store import FolderStore
from tests.services.magritte.trained_runs import faces, pack, ranked, take_snapshot
from tests.services.magritte.verdict_runs import Magritte, done

__all__ = ["faces", "ranked"]  # fixtures

ONE = "01" * 32


def test_a_training_goes_on_from_the_newest_snapshot_on_the_newest_version(
    magritte: Magritte, store: FolderStore, ranked: str
) -> None:
    assert phase_of(store, ranked, read_state(store, ranked)) is Phase.FINISHED
    said = done(magritte("train", "--kimg", "+5"))
    assert "training 2: 5 kimg from snapshot 1:3 (6 kimg) on version 1 of the data set of run anya-001" in said
    found = read_training(store, ranked, 2)
    assert found.parent is not None
    assert (found.version, found.dataset, found.more) == (1, ONE, 5.0)
    assert (found.parent.training, found.parent.leg, found.parent.carry) == (ONE, 3, tuple(Carried))
    assert phase_of(store, ranked, read_state(store, ranked)) is Phase.TRAINING


@pytest.mark.parametrize(("kimg", "more"), [("80", 74.0), ("+20", 20.0), ("6.5", 0.5), ("", 20.0)])
def test_kimg_are_so_many_more_or_the_whole(
    magritte: Magritte, store: FolderStore, ranked: str, kimg: str, more: float
) -> None:
    found = json.loads(done(magritte("train", "--kimg", kimg, "--json")))
    assert (found["number"], found["more"]) == (2, more)


def test_another_snapshot_and_another_version_can_be_named(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    pack(store, ranked, 2, (0, 1))
    take_snapshot(store, ranked, 2, 2, 1, last=True)
    parents = []
    for begin in ("1", "1:2", "2:1"):
        done(magritte("train", "--from", begin, "--dataset", "1", "--kimg", "+1"))
        found = read_training(store, ranked, newest_number(store, ranked))
        assert found.parent is not None
        assert (found.version, found.dataset) == (1, ONE)
        parents.append((found.parent.training[:2], found.parent.leg))
    assert parents == [("02", 1), ("01", 2), ("02", 1)]


def test_a_training_can_begin_anew(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    assert "10 kimg from the recipe's start" in done(magritte("train", "--from", "start", "--kimg", "10"))
    assert read_training(store, ranked, 2).parent is None


def test_a_dry_run_asks_for_nothing(magritte: Magritte, store: FolderStore, ranked: str) -> None:
    assert "would train 5 kimg" in done(magritte("train", "--kimg", "+5", "--dry-run"))
    assert newest_number(store, ranked) == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--kimg", "many"), "'many' is no kimg to train for, such as +20 or 80"),
        (("--kimg", "6"), "'6' is no kimg to train for; the snapshot has 6 already"),
        (("--from", "the best"), "neither a leg, NUMBER:LEG nor start"),
        (("--dataset", "0"), "should be greater than or equal to 1"),
    ],
)
def test_wrong_usage_is_refused(
    magritte: Magritte, store: FolderStore, ranked: str, words: tuple[str, ...], problem: str
) -> None:
    result = magritte("train", *words)
    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.replace("│", " ").split())
    assert newest_number(store, ranked) == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--from", "9"), "run anya-001 has no snapshot 9"),
        (("--from", "7:1"), "run anya-001 has no snapshot 7:1"),
        (("--dataset", "9"), "run anya-001 has no version 9 of its data set"),
    ],
)
def test_what_is_not_there_is_named(magritte: Magritte, ranked: str, words: tuple[str, ...], problem: str) -> None:
    error = magritte("train", *words).exception
    assert isinstance(error, NotFound)
    assert problem in str(error)


def test_a_run_without_a_data_set_has_nothing_to_train_on(magritte: Magritte, faces: str) -> None:
    assert "run anya-001 has no data set yet" in str(magritte("train").exception)


def test_with_a_broker_the_trainer_and_the_ledger_are_told(
    magritte: Magritte, store: FolderStore, ranked: str, bus: RabbitMQBus
) -> None:
    assert "RECIPE" not in done(magritte("train", "--kimg", "+5"))
    for queue in ("trainer", "tfrecord-packer.ledger"):
        consumer = bus.consume(queue)
        delivery = consumer.receive(30.0)
        assert delivery is not None
        assert decode_message(delivery.body) == TrainingDue(run=ranked, number=2, version=1, dataset=ONE)
        delivery.ack()
        consumer.close()
