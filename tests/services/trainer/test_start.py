from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.trainer.events import ClassesAdded, StartFrom
from services.trainer.start import Shape, starting_networks
from shared.contract.errors import Poison
from shared.contract.events import Event
from shared.recipe.files import deposited
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.recipe.training import Preset, ResolvedTraining, Training
from shared.store import FolderStore
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.weights import Networks

SMALL: dict[str, Any] = {"minibatch": 8, "fmap_base": 256, "fmap_max": 16, "latent_size": 12, "mapping_layers": 3}
TOY = Training(preset=Preset.STYLEGAN2, **SMALL).resolved(16)
SIZES: dict[str, Any] = {"fmap_base": 64, "fmap_max": 8, "z_size": 6, "w_size": 7, "mapping_fmaps": 5}


PICTURES = Shape(16, 3)
NO_STORE = FolderStore(Path("nowhere"))


def emit(event: Event) -> None:
    pass


def network(path: Path, architecture: Architecture) -> ResolvedTraining:
    path.write_bytes(network_file.dump(Networks.fresh(architecture, seed=3)))
    return TOY.model_copy(update={"start_from": path})


def test_fresh_networks_have_the_recipes_sizes_and_the_pictures() -> None:
    found = starting_networks(TOY, PICTURES, NO_STORE, emit).architecture
    assert (found.resolution, found.num_channels, found.fmaps(16), found.fmaps(8)) == (16, 3, 16, 16)
    assert (found.z_size, found.w_size, found.mapping_fmaps, found.mapping_layers) == (12, 12, 12, 3)


def test_a_files_networks_are_taken_as_they_are_and_that_is_said(tmp_path: Path) -> None:
    emitted: list[Event] = []
    architecture = Architecture(16, mbstd_group_size=2, **SIZES)
    settings = network(tmp_path / "network.npz", architecture)
    found = starting_networks(settings, PICTURES, NO_STORE, emitted.append)
    assert found.architecture == architecture
    assert np.array_equal(found.D["Output/weight"], Networks.fresh(architecture, seed=3).D["Output/weight"])
    assert emitted == [StartFrom(file="network.npz")]


@pytest.mark.parametrize(
    ("architecture", "text"),
    [
        (Architecture(32, **SIZES), r"draws 32 px in 3 channels, and the data set has 16 px in 3"),
        (Architecture(16, num_channels=1, **SIZES), r"draws 16 px in 1 channels"),
        (Architecture(16, label_size=2, **SIZES), r"knows 2 classes, and the data set has 0"),
    ],
)
def test_a_network_of_other_pictures_is_poison(tmp_path: Path, architecture: Architecture, text: str) -> None:
    with pytest.raises(Poison, match=text):
        starting_networks(network(tmp_path / "network.npz", architecture), PICTURES, NO_STORE, emit)


def test_pictures_too_small_for_a_network_are_poison() -> None:
    with pytest.raises(Poison, match="no such networks: resolution must be"):
        starting_networks(TOY, Shape(4, 3), NO_STORE, emit)


def test_a_network_without_classes_is_made_ready_for_those_of_the_pictures(tmp_path: Path) -> None:
    emitted: list[Event] = []
    settings = network(tmp_path / "network.npz", Architecture(16, **SIZES))
    found = starting_networks(settings, Shape(16, 3, 2), NO_STORE, emitted.append)
    assert found.architecture.label_size == 2
    assert emitted == [StartFrom(file="network.npz"), ClassesAdded(file="network.npz", classes=2)]


def test_fresh_networks_know_the_classes() -> None:
    assert starting_networks(TOY, Shape(16, 3, 5), NO_STORE, emit).D["Output/weight"].shape == (16, 5)


def test_a_submitted_network_is_read_from_the_store(tmp_path: Path) -> None:
    architecture, store = Architecture(16, **SIZES), FolderStore(tmp_path / "store")
    path = tmp_path / "network.npz"
    network(path, architecture)
    recipe = Recipe(name="toy", sources=(FolderSource(folder=tmp_path),), training=Training(start_from=path))
    start_from = deposited(recipe, store).training.start_from
    path.unlink()
    settings = TOY.model_copy(update={"start_from": start_from})
    assert starting_networks(settings, PICTURES, store, emit).architecture == architecture


def test_a_submitted_network_that_is_gone_is_poison(tmp_path: Path) -> None:
    settings = TOY.model_copy(update={"start_from": "sha256:" + "0" * 64})
    with pytest.raises(Poison, match=r"training\.start_from: sha256:0+ is not in the store"):
        starting_networks(settings, PICTURES, FolderStore(tmp_path), emit)
