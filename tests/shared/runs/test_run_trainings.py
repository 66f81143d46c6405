from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.recipe.train_on import Carried
from shared.runs.run_trainings import RunTraining, newest_number, number_training, read_training, run_trainings
from shared.runs.trainings import Parent
from shared.store.folder import FolderStore

RUN = "anya-001"
FIRST = RunTraining(version=1, dataset="0d" * 32)
SECOND = RunTraining(
    version=2, dataset="0e" * 32, parent=Parent(training="0f" * 32, leg=7, carry=(Carried.MOMENTS,)), more=2.5
)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_trainings_are_numbered_from_one_on_and_come_back_in_order(store: FolderStore) -> None:
    assert newest_number(store, RUN) == 0
    assert [number_training(store, RUN, each) for each in (FIRST, SECOND)] == [1, 2]
    assert list(run_trainings(store, RUN)) == [(1, FIRST), (2, SECOND)]
    assert newest_number(store, RUN) == 2
    assert newest_number(store, "anya-002") == 0


def test_a_number_that_somebody_else_has_taken_meanwhile_is_passed_over(store: FolderStore, tmp_path: Path) -> None:
    class Late(FolderStore):
        """Another one takes the number between looking and writing."""

        def put_new(self, key: str, data: bytes) -> bool:
            if key == keys.run_training(RUN, 1):
                super().put_new(key, FIRST.model_dump_json().encode())
            return super().put_new(key, data)

    late = Late(tmp_path)
    assert number_training(late, RUN, SECOND) == 2
    assert read_training(store, RUN, 1) == FIRST


def test_a_file_that_is_no_record_is_passed_over_and_a_damaged_record_is_named(store: FolderStore) -> None:
    number_training(store, RUN, FIRST)
    store.put(f"{keys.run_training(RUN)}copy-of-0001.json", b"{}")
    assert newest_number(store, RUN) == 1
    store.put(keys.run_training(RUN, 1), b'{"version": ')
    with pytest.raises(Unreadable, match=r"runs/anya-001/trainings/0001.json is damaged"):
        read_training(store, RUN, 1)
    with pytest.raises(NotFound):
        read_training(store, RUN, 2)
