"""Which training a version of the data set calls for."""

from pathlib import Path
from typing import Any

import pytest

from services.tfrecord_packer.versions import TrainingRules
from shared.contract.facts import RunFact
from shared.recipe.recipe import Recipe
from shared.recipe.train_on import Carried
from shared.runs.run_trainings import RunTraining, number_training, read_training
from shared.runs.trainings import Parent
from shared.store import FolderStore
from tests.services.tfrecord_packer.packing_run import PackingRun

RUN = "anya-001"
ONE, TWO = "01" * 32, "02" * 32
NAME = "0f" * 32
SNAPSHOT = RunFact("snapshot-taken", "trainer", version=1, number=1, training=NAME, leg=7, kimg=14.0)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "data")


def rules(**sections: dict[str, Any]) -> TrainingRules:
    fields = {"training": {"kimg": 60}, **sections}
    return TrainingRules(Recipe.model_validate({"name": "anya", "sources": [{"folder": "pictures"}], **fields}))


def test_the_first_version_is_trained_on_as_the_recipe_says(store: FolderStore) -> None:
    assert rules().due(RUN, 1, ONE, None, store) == 1
    assert read_training(store, RUN, 1) == RunTraining(version=1, dataset=ONE)


def test_a_version_gets_one_training_however_often_it_is_packed(store: FolderStore) -> None:
    assert [rules().due(RUN, 1, ONE, newest, store) for newest in (None, SNAPSHOT)] == [1, 1]


@pytest.mark.parametrize(("kimg", "more"), [(14.0, 46.0), (50.0, 20.0), (60.0, 20.0)])
def test_a_later_version_goes_on_from_the_newest_snapshot_to_the_recipe_s_end_or_a_third_of_it(
    store: FolderStore, kimg: float, more: float
) -> None:
    rules().due(RUN, 1, ONE, None, store)
    newest = RunFact("snapshot-taken", "trainer", version=1, number=1, training=NAME, leg=7, kimg=kimg)
    assert rules().due(RUN, 2, TWO, newest, store) == 2
    parent = Parent(training=NAME, leg=7, carry=tuple(Carried))
    assert read_training(store, RUN, 2) == RunTraining(version=2, dataset=TWO, parent=parent, more=more)


def test_kimg_that_the_network_to_start_from_had_before_do_not_count(store: FolderStore) -> None:
    before = rules(training={"kimg": 60, "resume_kimg": 10_000})
    before.due(RUN, 1, ONE, None, store)
    newest = RunFact("snapshot-taken", "trainer", version=1, number=1, training=NAME, leg=7, kimg=10_014.0)
    before.due(RUN, 2, TWO, newest, store)
    assert read_training(store, RUN, 2).more == 46.0


def test_the_recipe_decides_how_long_and_with_what(store: FolderStore) -> None:
    chosen = rules(train_on={"kimg": 50, "carry": ["moments"]})
    chosen.due(RUN, 1, ONE, None, store)
    chosen.due(RUN, 2, TWO, SNAPSHOT, store)
    found = read_training(store, RUN, 2)
    assert found.parent is not None
    assert (found.more, found.parent.carry) == (50.0, (Carried.MOMENTS,))


def test_a_later_version_begins_anew_if_the_recipe_says_so_or_nothing_has_been_trained(store: FolderStore) -> None:
    chosen = rules(train_on={"begin": "start"})
    chosen.due(RUN, 1, ONE, None, store)
    chosen.due(RUN, 2, TWO, SNAPSHOT, store)
    rules().due(RUN, 3, ONE, None, store)
    assert [read_training(store, RUN, number).parent for number in (2, 3)] == [None, None]


def test_a_training_that_a_person_has_asked_for_since_stays_the_one_that_is_due(store: FolderStore) -> None:
    rules().due(RUN, 1, ONE, None, store)
    asked = RunTraining(version=1, dataset=ONE, more=3.0)
    number_training(store, RUN, asked)
    assert rules().due(RUN, 1, ONE, SNAPSHOT, store) == 2
    assert rules(training={"kimg": 0}).due(RUN, 2, TWO, SNAPSHOT, store) == 2


def test_nothing_is_due_where_nothing_is_to_be_trained(store: FolderStore) -> None:
    assert rules(training={"kimg": 0}).due(RUN, 1, ONE, None, store) == 0


def test_a_packed_version_names_its_training(store: FolderStore, tmp_path: Path) -> None:
    packing = PackingRun(store, tmp_path, training={"kimg": 3})
    packing.note(0)
    first = packing.packed()
    assert packing.packed() == first
    packing.note(1)
    assert (first.number, packing.packed().number) == (1, 2)
    assert read_training(store, packing.run, 1).dataset == first.digest
