import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

from shared.contract.errors import NotFound, Poison
from shared.store import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.errors import Misfit
from shared.stylegan2.labels_file import encode_labels, one_hot
from shared.stylegan2.quality.evaluation import draw_samples
from tests.services.magritte.toy_networks import DATASET, PICTURES, give_dataset, give_snapshot, level, networks, noise
from tests.shared.legs import pack
from tests.shared.stylegan2.quality import inception_graph
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]


@pytest.fixture
def packed(store: FolderStore, run: str) -> str:
    """A run with a data set."""
    give_dataset(store, run)
    return run


@pytest.fixture
def trained(store: FolderStore, packed: str) -> str:
    """A run with two snapshots."""
    for leg in (1, 2):
        give_snapshot(store, packed, leg)
    return packed


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "anya.safetensors"
    path.write_bytes(network_file.dump_tensors(networks(seed=3)))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of noise."""
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "toy-r02.tfrecords").write_bytes(level(noise(side=4)))
    (folder / "toy-r03.tfrecords").write_bytes(level(noise()))
    return folder


def report(done: Result) -> dict:
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def test_the_newest_snapshot_of_a_run_is_measured(magritte: Magritte, trained: str) -> None:
    done = magritte("quality")
    assert done.exit_code == 0, done.exception
    first, header, row, *explained = done.stdout.splitlines()
    assert first == f"{trained}: 10 pictures drawn with psi 1, against 10 of 10 training pictures"
    assert header.split() == ["leg", "kimg", "SWD", "8", "px", "memorised"]
    assert row.split()[:2] == ["2", "8"]
    assert explained[0].startswith("SWD: sliced Wasserstein distance")


def test_every_snapshot_is_measured_on_request(magritte: Magritte, trained: str, tmp_path: Path) -> None:
    found = report(
        magritte("quality", trained, "--all-legs", "--json", "--pictures", "6", "--out", str(tmp_path / "out"))
    )
    assert [(each["leg"], each["kimg"]) for each in found["networks"]] == [(1, 4), (2, 8)]
    assert (found["drawn"], found["compared"], found["training_pictures"]) == (6, 6, 10)
    values = [each["sliced_wasserstein"] for each in found["networks"]]
    assert values[0] != values[1]
    assert all(value["mean"] == value["levels"]["8"] > 0 for value in values)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "neighbours-000001.png",
        "neighbours-000002.png",
    ]


def test_a_leg_can_be_chosen(magritte: Magritte, trained: str) -> None:
    assert [each["leg"] for each in report(magritte("quality", "--leg", "1", "--json"))["networks"]] == [1]
    assert isinstance(magritte("quality", "--leg", "7").exception, NotFound)


def test_a_network_that_draws_its_training_pictures_is_found_out(
    magritte: Magritte, network: Path, tmp_path: Path
) -> None:
    drawn = draw_samples(networks(seed=3), PICTURES, 1.0, None, lambda count: None)
    (tmp_path / "copies-r03.tfrecords").write_bytes(level(drawn[:, :, ::-1]))
    words = ("quality", str(network), "--dataset", str(tmp_path / "copies-r03.tfrecords"), "--out", str(tmp_path))
    (found,) = report(magritte(*words, "--json"))["networks"]
    assert found["memorised_share"] == 1
    assert {(each["seed"], each["mirrored"], each["distance"]) for each in found["nearest"]} == {
        (seed, True, 0) for seed in range(PICTURES)
    }
    assert all(each["seed"] == each["picture"] for each in found["nearest"])
    with Image.open(tmp_path / "neighbours.png") as sheet:
        assert sheet.size == (6 * 8, PICTURES * 8)


def test_a_network_is_measured_against_the_largest_level_of_a_folder(
    magritte: Magritte, network: Path, folder: Path
) -> None:
    by_folder = report(magritte("quality", str(network), "--dataset", str(folder), "--json"))
    by_file = report(magritte("quality", str(network), "--dataset", str(folder / "toy-r03.tfrecords"), "--json"))
    assert by_folder == by_file
    assert by_folder["networks"][0]["leg"] is None
    assert by_folder["inception"] is by_folder["networks"][0]["kid"] is by_folder["networks"][0]["fid"] is None


def test_inception_distances_are_labelled(magritte: Magritte, network: Path, folder: Path, tmp_path: Path) -> None:
    graph = tmp_path / "graph.pb"
    graph.write_bytes(inception_graph.small())
    words = ("quality", str(network), "--dataset", str(folder), "--inception", str(graph))
    found = report(magritte(*words, "--json"))
    assert found["inception"]["comparable"] is False
    assert found["fid_of_enough_pictures"] is False
    (measured,) = found["networks"]
    assert measured["fid"] > measured["kid"]["mean"] > 0
    shown = magritte(*words)
    assert shown.stdout.splitlines()[1].split()[-2:] == ["KID", "FID"]
    assert "KID, FID: not comparable with published numbers: other Inception weights." in shown.stdout
    assert "FID of fewer than 5000 pictures" in shown.stderr


def test_truncation_is_as_asked_for(magritte: Magritte, network: Path, folder: Path) -> None:
    words = ("quality", str(network), "--dataset", str(folder), "--json", "--psi")
    whole, none = (report(magritte(*words, psi))["networks"][0]["nearest"] for psi in ("1", "0"))
    assert len({each["distance"] for each in whole}) == PICTURES
    assert len({round(each["distance"], 6) for each in none}) == 1


def test_a_network_with_labels_draws_by_those_of_the_data_set(magritte: Magritte, tmp_path: Path, folder: Path) -> None:
    network = tmp_path / "labelled.safetensors"
    network.write_bytes(network_file.dump_tensors(networks(seed=3, label_size=2)))
    words = ("quality", str(network), "--dataset", str(folder), "--json")
    error = magritte(*words).exception
    assert isinstance(error, Poison)
    assert "draws by labels of 2 classes, and the data set has no such labels" in str(error)
    found = []
    for numbers in ([0, 1] * 5, [1] * 10):
        (folder / "toy-rxx.labels").write_bytes(encode_labels(one_hot(numbers, 2)))
        found.append(report(magritte(*words)))
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "words",
    [
        ("anya.safetensors",),
        ("anya.safetensors", "--dataset", "set", "--leg", "1"),
        ("anya.safetensors", "--dataset", "nowhere"),
        ("other.npz", "--dataset", "set"),
        ("official.pkl", "--dataset", "set"),
        ("anya-001", "--dataset", "set"),
        ("--leg", "1", "--all-legs"),
        ("--pictures", "1"),
        ("--inception", "nowhere.pb"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together_is_wrong_usage(
    magritte: Magritte, network: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(network.parent)
    Path("official.pkl").write_bytes(b"a pickle")
    assert magritte("quality", *words).exit_code == 2


def test_a_run_without_data_set_or_snapshot_is_an_error(magritte: Magritte, store: FolderStore, run: str) -> None:
    assert "has no data set yet" in str(magritte("quality").exception)
    pack(store, run, dataset=DATASET)
    error = magritte("quality").exception
    assert isinstance(error, NotFound)
    assert "no snapshot of its newest data set yet" in str(error)


@pytest.mark.parametrize(
    ("pictures", "complaint"),
    [
        (noise(side=16), "draws 8 px in 3 channels, and the data set has 16 px in 3"),
        (noise(channels=1), "draws 8 px in 3 channels, and the data set has 8 px in 1"),
        (noise()[:1], "at least two are needed"),
    ],
)
def test_pictures_that_cannot_be_compared_are_an_error(
    magritte: Magritte, network: Path, tmp_path: Path, pictures: np.ndarray, complaint: str
) -> None:
    (tmp_path / "toy-r03.tfrecords").write_bytes(level(pictures))
    error = magritte("quality", str(network), "--dataset", str(tmp_path / "toy-r03.tfrecords")).exception
    assert isinstance(error, Poison | Misfit)  # which `main` tells alike
    assert complaint in str(error)


def test_what_is_no_network_is_an_error_that_names_the_file(magritte: Magritte, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "odd.npz"
    path.write_bytes(b"no network")
    error = magritte("quality", str(path), "--dataset", str(folder)).exception
    assert isinstance(error, Poison)
    assert str(error).startswith(f"{path}: not a file of arrays")


def test_without_the_libraries_the_extra_is_named(tmp_path: Path, network: Path, folder: Path) -> None:
    done = without_libraries(tmp_path, "quality", str(network), "--dataset", str(folder))
    assert done.returncode == 1
    assert "is not installed: install magritte[trainer]" in done.stderr
    assert "Traceback" not in done.stderr
