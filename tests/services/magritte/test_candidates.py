from pathlib import Path

import numpy as np
import pytest

from services.magritte.candidates import Candidate, labels_for, of_file, of_run, open_networks
from shared.contract.errors import NotFound, Poison
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.labels_file import encode_labels, one_hot
from tests.services.magritte.toy_networks import PICTURES, give_dataset, give_snapshot, level, networks, noise

LABELS = one_hot([number % 3 for number in range(PICTURES)], 3)


@pytest.fixture
def trained(store: FolderStore, run: str) -> str:
    """A run with two snapshots."""
    give_dataset(store, run)
    for leg in (1, 2):
        give_snapshot(store, run, leg)
    return run


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "anya.safetensors"
    path.write_bytes(network_file.dump_tensors(networks(seed=3)))
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "toy-r02.tfrecords").write_bytes(level(noise(side=4)))
    (folder / "toy-r03.tfrecords").write_bytes(level(noise()))
    return folder


@pytest.mark.parametrize(("leg", "all_legs", "expected"), [(None, False, [2]), (1, False, [1]), (None, True, [1, 2])])
def test_a_run_offers_its_newest_snapshot_that_of_a_leg_or_all(
    trained: str, leg: int | None, all_legs: bool, expected: list[int]
) -> None:
    subject = of_run(trained, leg, all_legs)
    assert [candidate.leg for candidate in subject.candidates] == expected
    assert [candidate.kimg for candidate in subject.candidates] == [4.0 * leg for leg in expected]
    assert (subject.name, len(subject.pictures)) == (trained, PICTURES)


def test_a_run_offers_no_snapshot_that_it_does_not_have(store: FolderStore, run: str) -> None:
    with pytest.raises(NotFound, match="has no data set yet"):
        of_run(run, None, all_legs=False)
    give_dataset(store, run)
    with pytest.raises(NotFound, match="has no snapshot of its newest data set yet"):
        of_run(run, None, all_legs=True)
    give_snapshot(store, run, 1)
    with pytest.raises(NotFound, match="has no snapshot 2"):
        of_run(run, 2, all_legs=False)


def test_of_a_folder_the_largest_level_is_taken(network: Path, dataset: Path) -> None:
    subject = of_file(network, dataset)
    assert (subject.name, subject.pictures.resolution, len(subject.pictures)) == ("anya.safetensors", 8, PICTURES)
    assert of_file(network, dataset / "toy-r02.tfrecords").pictures.resolution == 4


def test_a_folder_without_records_is_refused(network: Path, tmp_path: Path) -> None:
    with pytest.raises(Poison, match="there are no"):
        of_file(network, tmp_path)


def test_the_networks_of_a_file_are_those_that_were_written(network: Path, dataset: Path) -> None:
    subject = of_file(network, dataset)
    found = open_networks(subject.candidates[0], subject)
    expected = networks(seed=3)
    assert found.architecture == expected.architecture
    assert all(np.array_equal(found.Gs[name], value) for name, value in expected.Gs.items())


def test_networks_that_draw_another_size_are_refused(network: Path, dataset: Path) -> None:
    subject = of_file(network, dataset / "toy-r02.tfrecords")
    with pytest.raises(Poison, match="draws 8 px in 3 channels, and the data set has 4 px in 3"):
        open_networks(subject.candidates[0], subject)


@pytest.mark.parametrize("name", ["damaged", "gone"])
def test_a_file_that_holds_no_networks_is_refused_by_name(tmp_path: Path, dataset: Path, name: str) -> None:
    (tmp_path / "damaged").write_bytes(b"no network")
    subject = of_file(tmp_path / name, dataset)
    with pytest.raises(Poison, match=f"{name}: "):
        open_networks(subject.candidates[0], subject)


def test_networks_without_labels_need_none(network: Path, dataset: Path) -> None:
    (dataset / "toy-rxx.labels").write_bytes(b"damaged")
    subject = of_file(network, dataset)
    assert labels_for(networks(seed=1), subject.candidates[0], subject) is None


def test_networks_with_labels_get_those_beside_the_records(network: Path, dataset: Path) -> None:
    (dataset / "toy-rxx.labels").write_bytes(encode_labels(LABELS))
    subject = of_file(network, dataset)
    found = labels_for(networks(seed=1, label_size=3), subject.candidates[0], subject)
    assert found is not None
    assert found.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "by labels of 3 classes, and the data set has no such labels"),
        (encode_labels(LABELS[1:]), "by labels of 3 classes, and the data set has no such labels"),
        (encode_labels(LABELS[:, 1:]), "by labels of 3 classes, and the data set has no such labels"),
        (b"damaged", "toy-rxx.labels: "),
    ],
)
def test_labels_that_do_not_fit_are_refused(network: Path, dataset: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (dataset / "toy-rxx.labels").write_bytes(content)
    subject = of_file(network, dataset)
    with pytest.raises(Poison, match=message):
        labels_for(networks(seed=1, label_size=3), Candidate("anya", network.read_bytes), subject)


def test_the_kimg_of_the_network_that_a_run_started_from_count(store: FolderStore, recipe: Recipe) -> None:
    training = recipe.training.model_copy(update={"resume_kimg": 100.0})
    run = open_run(store, recipe.model_copy(update={"training": training})).name
    give_dataset(store, run)
    give_snapshot(store, run, 1)
    assert [candidate.kimg for candidate in of_run(run, None, all_legs=True).candidates] == [104.0]
