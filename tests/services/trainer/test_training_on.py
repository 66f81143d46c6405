import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.trainer import checkpoint
from services.trainer.stage import Trainer
from shared.contract import keys
from shared.contract.errors import Interrupted, Poison
from shared.contract.messages import DatasetPacked, LegDue, Message, SnapshotTaken, TrainingDue
from shared.recipe.train_on import Carried
from shared.runs import trainings
from shared.runs.results import legs
from shared.runs.run_trainings import RunTraining, newest_number, number_training
from shared.runs.trainings import CHECKPOINT, FAKES, Parent, Snapshot
from shared.stylegan2.arrays import Arrays
from shared.stylegan2.example import encode_picture
from shared.stylegan2.tfrecords import frame
from tests.services.trainer.conftest import DATASET, NAME, PACKED, TOY, Bench, due

PRUNED = "e" * 64
ALL = tuple(Carried)


def put_pruned(bench: Bench) -> None:
    """The data set without its last two pictures."""
    for key in list(bench.store.list(keys.dataset(DATASET))):
        target = key.replace(keys.dataset(DATASET), keys.dataset(PRUNED))
        if not key.endswith(".tfrecords"):
            bench.store.put(target, json.dumps({"members": [{}] * 8}).encode())
            continue
        resolution = 4 if "r02" in key else 8
        pictures = np.random.default_rng(resolution).integers(0, 256, (10, 3, resolution, resolution), np.uint8)
        bench.store.put(target, b"".join(frame(encode_picture(picture)) for picture in pictures[:8]))


def ask(bench: Bench, carry: tuple[Carried, ...] = ALL, leg: int = 3, dataset: str = PRUNED) -> DatasetPacked:
    """A second version is packed, whose training goes on from a leg of the first one's for 16 pictures."""
    put_pruned(bench)
    parent = Parent(training=NAME, leg=leg, carry=carry)
    training = RunTraining(version=2, dataset=dataset, parent=parent, more=0.016)
    number = number_training(bench.store, PACKED.run, training)
    return DatasetPacked(run=PACKED.run, version=2, digest=dataset, number=number)


def last(bench: Bench, answers: list[Message]) -> Snapshot:
    taken = answers[-1]
    assert isinstance(taken, SnapshotTaken)
    found = trainings.find_snapshot(bench.store, taken.training, taken.leg)
    assert found is not None
    return found


def state(bench: Bench, snapshot: Snapshot) -> Arrays:
    found = checkpoint.read(bench.store, snapshot)
    assert found is not None
    return found


def test_a_training_goes_on_from_the_snapshot_of_another(trained: Bench) -> None:
    answers = trained.train(Trainer(), message=ask(trained))
    due_first, *_, end = answers
    assert isinstance(due_first, LegDue)
    assert isinstance(end, SnapshotTaken)
    assert (due_first.training != NAME, due_first.leg, due_first.number, due_first.version) == (True, 0, 1, 2)
    assert (end.leg, end.kimg, end.last, end.dataset) == (2, 0.040, True, PRUNED)


def test_it_begins_with_what_the_other_drew_last(trained: Bench) -> None:
    answers = trained.train(Trainer(), legs=1, message=ask(trained))
    assert isinstance(answers[0], LegDue)
    begin = trained.folder / keys.leg(answers[0].training, 0, "fakes_init.png")
    end = trained.folder / trained.snapshot(3).key(FAKES)
    assert np.array_equal(np.array(Image.open(begin)), np.array(Image.open(end)))


def test_its_snapshots_follow_those_that_it_goes_on_from(trained: Bench) -> None:
    snapshot = last(trained, trained.train(Trainer(), message=ask(trained)))
    assert [each.images for each in legs(trained.store, snapshot)] == [8, 16, 24, 32, 40]


def test_the_chain_is_bitwise_the_same_when_it_is_interrupted_and_resumed(trained: Bench, tmp_path: Path) -> None:
    shutil.copytree(trained.folder, tmp_path / "other")
    other, message = Bench(tmp_path / "other"), ask(trained)
    undisturbed = last(trained, trained.train(Trainer(), message=message))
    assert ask(other) == message
    first = other.answers(Trainer(), message)[-1]
    assert isinstance(first, LegDue)
    looks = iter([False, True])
    other.stopping = lambda: next(looks, False)
    with pytest.raises(Interrupted):
        other.answers(Trainer(), first)
    other.train(Trainer(), legs=1, message=first)
    again = last(other, other.train(Trainer(), message=message))
    assert again.files[CHECKPOINT] == undisturbed.files[CHECKPOINT]


@pytest.mark.parametrize(
    ("carry", "images", "updates"),
    [(ALL, 32, 8 + 2), ((), 8, 2 + 1), ((Carried.COUNTERS,), 32, 2), ((Carried.MOMENTS,), 8, 8 + 2 + 1)],
)
def test_what_is_carried_over_is_what_the_recipe_names(
    trained: Bench, carry: tuple[Carried, ...], images: int, updates: int
) -> None:
    """Six steps before and two after; every fourth from step 0 on, G is updated once more, by path lengths."""
    answers = trained.train(Trainer(), legs=1, message=ask(trained, carry))
    assert isinstance(answers[0], LegDue)
    snapshot = trainings.find_snapshot(trained.store, answers[0].training, 1)
    assert snapshot is not None
    assert (snapshot.images, int(state(trained, snapshot)["G_adam/updates"])) == (images, updates)


def test_the_checkpoint_that_another_training_begins_with_stays(trained: Bench) -> None:
    trained.forget_legs_after(2)
    trained.answers(Trainer(), ask(trained, leg=2))
    longer = TOY.model_copy(update={"kimg": 0.040})
    run = Bench(trained.folder, longer)
    run.train(Trainer(), message=PACKED.model_copy(update={"run": "toy-002"}))
    kept = [run.store.exists(run.snapshot(leg).key(CHECKPOINT)) for leg in (2, 3, 4, 5)]
    assert kept == [True, False, True, True]


def test_without_that_checkpoint_the_networks_alone_go_on_and_that_is_told(trained: Bench) -> None:
    answers = trained.train(Trainer(), legs=1, message=ask(trained, leg=1))
    assert isinstance(answers[1], SnapshotTaken)
    assert answers[1].kimg == 0.016
    assert ("state-not-carried", "gone or damaged") in [(kind, each.get("reason")) for kind, each in trained.emitted]


def test_a_snapshot_that_is_gone_is_named(trained: Bench) -> None:
    message = ask(trained)
    trained.forget_legs_after(2)
    with pytest.raises(Poison, match=f"snapshot 3 of the training {NAME[:20]} is gone"):
        trained.answers(Trainer(), message)


def test_a_training_that_has_a_later_one_is_given_up_between_two_legs(trained: Bench) -> None:
    trained.forget_legs_after(1)
    message = ask(trained, leg=1)
    assert trained.answers(Trainer(), due(1)) == []
    assert trained.answers(Trainer(), PACKED) == []
    assert trained.snapshot(1).leg == 1
    assert isinstance(trained.answers(Trainer(), message)[0], LegDue)


def test_a_person_s_training_is_of_the_version_and_length_that_were_asked_for(trained: Bench) -> None:
    trained.training = TOY.model_copy(update={"kimg": 0.0})
    asked = RunTraining(version=1, dataset=DATASET, parent=Parent(training=NAME, leg=3, carry=ALL), more=0.008)
    number = number_training(trained.store, PACKED.run, asked)
    message = TrainingDue(run=PACKED.run, number=number, version=1, dataset=DATASET)
    end = trained.train(Trainer(), message=message)[-1]
    assert isinstance(end, SnapshotTaken)
    assert (newest_number(trained.store, PACKED.run), end.number, end.last, end.kimg) == (1, 1, True, 0.032)
