from pathlib import Path

import numpy as np
import pytest
import typer

from services.magritte.networks.chosen import open_network
from shared.contract.errors import NotFound
from shared.store import FolderStore
from shared.stylegan2 import network_file
from tests.services.magritte.toy_networks import give_dataset, give_snapshot, networks


@pytest.fixture
def trained(store: FolderStore, run: str) -> str:
    """A run with two snapshots, whose networks are those of seed 1 and 2."""
    give_dataset(store, run)
    for leg in (1, 2):
        give_snapshot(store, run, leg)
    return run


def constant(seed: int) -> np.ndarray:
    return networks(seed).Gs["G_synthesis/4x4/Const/const"]


@pytest.mark.parametrize(("snapshot", "leg"), [(None, 2), (1, 1), (2, 2)])
def test_a_run_s_network_is_that_of_the_snapshot_or_the_newest(
    trained: str, tmp_path: Path, snapshot: int | None, leg: int
) -> None:
    opened = open_network(trained, snapshot, tmp_path / "out")
    np.testing.assert_array_equal(opened.networks.Gs["G_synthesis/4x4/Const/const"], constant(leg))
    assert (opened.name, opened.run) == (f"run {trained}, snapshot {leg}", trained)


def test_a_snapshot_that_is_not_there_is_told_with_those_that_are(trained: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no snapshot 3, but 1, 2"):
        open_network(trained, 3, tmp_path / "out")


def test_a_run_without_a_network_is_told(run: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="has no network yet"):
        open_network(run, None, tmp_path / "out")


def test_a_folder_of_the_run_s_sources_is_refused(trained: str, recipe, tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="would be taken for pictures of it"):
        open_network(trained, None, recipe.sources[0].folder / "drawn")


def test_a_file_is_a_network_without_a_run_or_snapshots(store: FolderStore, tmp_path: Path) -> None:
    path = tmp_path / "anya.safetensors"
    path.write_bytes(network_file.dump_tensors(networks(3)))
    opened = open_network(str(path), None, tmp_path)
    np.testing.assert_array_equal(opened.networks.Gs["G_synthesis/4x4/Const/const"], constant(3))
    assert (opened.name, opened.run) == (str(path), None)
    with pytest.raises(typer.BadParameter, match="only a run has snapshots"):
        open_network(str(path), 1, tmp_path)


def test_a_file_that_is_not_there_is_no_run(store: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no file lost\.npz"):
        open_network("lost.npz", None, tmp_path)
