import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from shared.contract import keys
from shared.contract.errors import MagritteError, NotFound, Unreadable
from shared.runs import trainings
from shared.store import FolderStore
from tests.shared import legs
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]
DIGEST = "0b" * 32


@pytest.fixture
def packed(store: FolderStore, run: str) -> str:
    """A run with a data set of two files."""
    legs.pack(store, run, dataset=DIGEST)
    for name in (keys.MANIFEST, "anya-r06.tfrecords"):
        store.put(keys.dataset(DIGEST, name), name.encode())
    return run


def test_results_are_fetched_once(magritte: Magritte, packed: str, tmp_path: Path) -> None:
    first = magritte("fetch", "--to", str(tmp_path / "here"))
    assert "2 of 2 files" in first.stdout, first.exception
    file = tmp_path / "here" / packed / "datasets" / DIGEST[:20] / "anya-r06.tfrecords"
    assert file.read_bytes() == b"anya-r06.tfrecords"
    assert "0 of 2 files" in magritte("fetch", "--to", str(tmp_path / "here")).stdout


def test_a_file_that_was_lost_is_fetched_again(magritte: Magritte, packed: str, tmp_path: Path) -> None:
    magritte("fetch", "--to", str(tmp_path))
    next((tmp_path / packed).rglob("*.tfrecords")).unlink()
    assert "1 of 2 files" in magritte("fetch", "--to", str(tmp_path)).stdout


def test_a_run_without_results_is_an_error(magritte: Magritte, run: str) -> None:
    assert isinstance(magritte("fetch").exception, NotFound)


@pytest.fixture
def trained(store: FolderStore, run: str) -> str:
    """A run whose training has come to its second leg."""
    legs.pack(store, run)
    legs.complete(store, run, 1)
    legs.complete(store, run, 2, compared=True)
    return run


def test_of_a_training_its_last_pictures_and_all_its_statistics_are_fetched(
    magritte: Magritte, trained: str, tmp_path: Path
) -> None:
    magritte("fetch", "--to", str(tmp_path))
    folder = tmp_path / trained
    read = {path.parent.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert read["truncation"] == b"truncation.png of leg 2"
    assert read["neighbours"] == b"those nearest"
    assert json.loads(read["quality"]) == legs.QUALITY
    assert [json.loads(line)["kimg"] for line in read["stats"].splitlines()] == [0.5, 1.0, 1.5, 2.0]


def test_tensorboard_reads_the_legs_in_order(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    for leg in range(3, 12):
        legs.complete(store, trained, leg)
    magritte("fetch", "--to", str(tmp_path))
    (folder,) = (tmp_path / trained / "tensorboard").iterdir()
    found = EventAccumulator(str(folder))
    found.Reload()
    events = found.Scalars("training/loss_g")
    assert [event.step for event in events] == list(range(500, 11_001, 500))
    assert [event.value for event in events] == [event.step / 1000 for event in events]


def test_only_what_a_new_leg_brought_is_fetched_again(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    assert "10 of 10 files" in magritte("fetch", "--to", str(tmp_path)).stdout
    assert "0 of 10 files" in magritte("fetch", "--to", str(tmp_path)).stdout
    (statistics,) = (tmp_path / trained / "stats").iterdir()
    before = statistics.read_bytes()
    legs.complete(store, trained, 3)
    assert "5 of 9 files" in magritte("fetch", "--to", str(tmp_path)).stdout
    assert statistics.read_bytes().startswith(before)
    assert len(statistics.read_bytes().splitlines()) == 6


def test_the_training_on_another_data_set_is_fetched_beside_the_first(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    magritte("fetch", "--to", str(tmp_path))
    legs.pack(store, trained, version=2, dataset=DIGEST)
    legs.complete(store, trained, 1, dataset=DIGEST)
    magritte("fetch", "--to", str(tmp_path))
    names = sorted(
        [path.name for path in folder.iterdir()] for folder in (tmp_path / trained / "tensorboard").iterdir()
    )
    first, second = (f"events.out.tfevents.{leg:010d}.magritte" for leg in (1, 2))
    assert [set(each) for each in names] in ([{first}, {first, second}], [{first, second}, {first}])
    assert len(list((tmp_path / trained / "stats").iterdir())) == 2


def test_a_training_is_fetched_without_the_libraries_of_the_trainer(
    store: FolderStore, trained: str, tmp_path: Path
) -> None:
    done = without_libraries(store.root, "fetch", "--to", str(tmp_path / "here"))
    assert done.returncode == 0, done.stderr
    assert "10 of 10 files" in done.stdout


def test_a_copy_that_fails_leaves_nothing_behind(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    training = legs.complete(store, trained, 3).training
    in_the_way = tmp_path / trained / "stats" / trainings.content_name(trainings.STATS, training)
    in_the_way.mkdir(parents=True)
    assert isinstance(magritte("fetch", "--to", str(tmp_path)).exception, MagritteError)
    assert list(in_the_way.parent.iterdir()) == [in_the_way]


@pytest.mark.parametrize("to", ["pictures", "pictures/results"])
def test_results_are_not_fetched_into_a_source(
    magritte: Magritte, packed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = magritte("fetch", "--to", to)
    assert result.exit_code == 2
    assert "--to" in result.stderr
    assert not (tmp_path / "pictures").exists()
    assert magritte("fetch", "--to", ".").exit_code == 0


def test_a_ledger_that_cannot_be_read_is_named(magritte: Magritte, store: FolderStore, run: str) -> None:
    store.put(keys.journal(run, 1), b"")
    for words in (("fetch",), ("status",), ("verify",), ("draw",), ("quality",), ("watch",)):
        error = magritte(*words).exception
        assert isinstance(error, Unreadable)
        assert str(error).startswith(f"runs/{run}/journal/00000001.jsonl ")


def test_statistics_that_are_cut_short_are_named_once_all_else_is_fetched(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    snapshot = legs.complete(store, trained, 3)
    store.put(snapshot.key(trainings.STATS), b'{"kimg": 1.0, "lo')
    error = magritte("fetch", "--to", str(tmp_path)).exception
    assert isinstance(error, Unreadable)
    assert snapshot.key(trainings.STATS) in str(error)
    assert len(list((tmp_path / trained).rglob("*.npz"))) == 1
