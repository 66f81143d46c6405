import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from safetensors.numpy import load
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from shared.contract import keys
from shared.contract.errors import MagritteError, NotFound, Unreadable
from shared.contract.messages import RankingReady
from shared.runs import trainings
from shared.runs.registry import run_recipe
from shared.store import FolderStore
from shared.stylegan2 import network_file
from tests.services.magritte.toy_networks import networks
from tests.shared import legs
from tests.shared.ledgers import note
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
    assert "3 of 3 files" in first.stdout, first.exception
    file = tmp_path / "here" / packed / "dataset" / "anya-r06.tfrecords"
    assert file.read_bytes() == b"anya-r06.tfrecords"
    assert "0 of 3 files" in magritte("fetch", "--to", str(tmp_path / "here")).stdout


def test_a_file_that_was_lost_is_fetched_again(magritte: Magritte, packed: str, tmp_path: Path) -> None:
    magritte("fetch", "--to", str(tmp_path))
    next((tmp_path / packed).rglob("*.tfrecords")).unlink()
    assert "1 of 3 files" in magritte("fetch", "--to", str(tmp_path)).stdout


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
    read = {path.name: path.read_bytes() for path in (tmp_path / trained).iterdir() if path.is_file()}
    assert read["truncation.png"] == b"truncation.png of leg 2"
    assert read["network.npz"] == b"network.npz of leg 2"
    assert read["neighbours.png"] == b"those nearest"
    assert json.loads(read["quality.json"]) == legs.QUALITY
    assert [json.loads(line)["kimg"] for line in read["stats.jsonl"].splitlines()] == [0.5, 1.0, 1.5, 2.0]


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
    assert "11 of 11 files" in magritte("fetch", "--to", str(tmp_path)).stdout
    assert "0 of 11 files" in magritte("fetch", "--to", str(tmp_path)).stdout
    statistics = tmp_path / trained / "stats.jsonl"
    before = statistics.read_bytes()
    legs.complete(store, trained, 3)
    assert "5 of 10 files" in magritte("fetch", "--to", str(tmp_path)).stdout
    assert statistics.read_bytes().startswith(before)
    assert len(statistics.read_bytes().splitlines()) == 6
    assert not (tmp_path / trained / "neighbours.png").exists()


def test_the_curves_of_a_training_stay_when_another_begins(
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
    assert (tmp_path / trained / "fakes.png").read_bytes() == b"fakes.png of leg 1"


def test_a_training_is_fetched_without_the_libraries_of_the_trainer(
    store: FolderStore, trained: str, tmp_path: Path
) -> None:
    done = without_libraries(store.root, "fetch", "--to", str(tmp_path / "here"))
    assert done.returncode == 0, done.stderr
    assert "11 of 11 files" in done.stdout


def test_a_copy_that_fails_leaves_nothing_behind(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    in_the_way = tmp_path / trained / "tensorboard"
    in_the_way.parent.mkdir()
    in_the_way.write_bytes(b"a file of somebody's")
    assert isinstance(magritte("fetch", "--to", str(tmp_path)).exception, MagritteError)
    assert in_the_way.read_bytes() == b"a file of somebody's"
    assert [path.name for path in in_the_way.parent.iterdir() if path.name.endswith(".partial")] == []


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
    assert (tmp_path / trained / "network.npz").read_bytes() == b"network.npz of leg 3"


def test_a_file_that_somebody_else_has_changed_stays_and_is_named(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    magritte("fetch", "--to", str(tmp_path))
    changed = tmp_path / trained / "fakes.png"
    changed.write_bytes(b"painted over")
    legs.complete(store, trained, 3)
    result = magritte("fetch", "--to", str(tmp_path))
    assert result.exit_code == 1
    assert f"{changed} was written or changed by somebody else" in result.stderr
    assert changed.read_bytes() == b"painted over"
    assert (tmp_path / trained / "network.npz").read_bytes() == b"network.npz of leg 3"
    answer = json.loads(magritte("fetch", "--to", str(tmp_path), "--replace", "--json").stdout)
    assert answer["written"] == ["fakes.png"]
    assert changed.read_bytes() == b"fakes.png of leg 3"


def test_the_network_is_written_for_other_programs_until_there_is_a_newer_one(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    snapshot = legs.complete(store, trained, 3)
    store.put(snapshot.key(trainings.NETWORK), network_file.dump(networks(seed=1)))
    result = magritte("fetch", "--to", str(tmp_path), "--also", "safetensors", "--also", "pkl")
    assert result.exit_code == 0, result.exception
    folder = tmp_path / trained
    tensors = load(folder.joinpath("network.safetensors").read_bytes())
    assert {name.partition("/")[0] for name in tensors} >= {"G", "D", "Gs"}
    assert folder.joinpath("network.pkl").read_bytes()[:1] == b"\x80"
    assert json.loads(magritte("fetch", "--to", str(tmp_path), "--json").stdout)["removed"] == []
    legs.complete(store, trained, 4)
    answer = json.loads(magritte("fetch", "--to", str(tmp_path), "--json").stdout)
    assert sorted(answer["removed"]) == ["network.pkl", "network.safetensors"]


def test_rankings_come_with_plain_names_and_their_sheets(
    magritte: Magritte, store: FolderStore, trained: str, tmp_path: Path
) -> None:
    snapshot = trainings.latest(
        store, trainings.training_digest(run_recipe(store, trained).resolved_training, legs.DATASET)
    )
    assert snapshot is not None
    made = {name: trainings.ranking_key(snapshot.training, 2, "x", name) for name in trainings.RANKING_FILES}
    for name, key in made.items():
        store.put(key, name.encode())
    about = {
        "run": trained,
        "version": 1,
        "dataset": legs.DATASET,
        "training": snapshot.training,
        "leg": 2,
        "files": made,
    }
    note(store, "ranker", RankingReady.model_validate(about))
    assert magritte("fetch", "--to", str(tmp_path)).exit_code == 0
    assert all((tmp_path / trained / name).read_bytes() == name.encode() for name in trainings.RANKING_FILES)


def test_the_folder_names_no_place_on_this_machine(magritte: Magritte, trained: str, tmp_path: Path) -> None:
    magritte("fetch", "--to", str(tmp_path))
    texts = [path for path in (tmp_path / trained).rglob("*") if path.suffix in (".md", ".json", ".jsonl")]
    assert {"data-card.md", ".magritte.json", "stats.jsonl"} <= {path.name for path in texts}
    assert [path for path in texts if str(tmp_path) in path.read_text()] == []
