from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.trainer.start import starting_networks
from shared.errors import Poison
from shared.recipe import Training
from shared.stylegan2 import network_file
from shared.stylegan2.architecture import Architecture
from shared.stylegan2.example import encode_picture
from shared.stylegan2.picture_file import PictureFile
from shared.stylegan2.tfrecords import frame
from shared.stylegan2.weights import Networks

TOY = Training(minibatch=8, fmap_base=256, fmap_max=16, latent_size=12, mapping_layers=3)
SIZES: dict[str, Any] = {"fmap_base": 64, "fmap_max": 8, "z_size": 6, "w_size": 7, "mapping_fmaps": 5}


@pytest.fixture
def pictures(tmp_path: Path) -> PictureFile:
    path = tmp_path / "toy-r04.tfrecords"
    path.write_bytes(frame(encode_picture(np.zeros((3, 16, 16), np.uint8))))
    return PictureFile(path)


def say(event: str, **facts: Any) -> None:
    pass


def network(path: Path, architecture: Architecture) -> Training:
    path.write_bytes(network_file.dump(Networks.fresh(architecture, seed=3)))
    return TOY.model_copy(update={"start_from": path})


def test_fresh_networks_have_the_recipes_sizes_and_the_pictures(pictures: PictureFile) -> None:
    found = starting_networks(TOY, pictures, say).architecture
    assert (found.resolution, found.num_channels, found.fmaps(16), found.fmaps(8)) == (16, 3, 16, 16)
    assert (found.z_size, found.w_size, found.mapping_fmaps, found.mapping_layers) == (12, 12, 12, 3)


def test_a_files_networks_are_taken_as_they_are_and_that_is_said(pictures: PictureFile, tmp_path: Path) -> None:
    said = []
    architecture = Architecture(16, mbstd_group_size=2, **SIZES)
    settings = network(tmp_path / "network.npz", architecture)
    found = starting_networks(settings, pictures, lambda event, **facts: said.append((event, facts["file"])))
    assert found.architecture == architecture
    assert np.array_equal(found.D["Output/weight"], Networks.fresh(architecture, seed=3).D["Output/weight"])
    assert said == [("start-from", "network.npz")]


@pytest.mark.parametrize(
    ("architecture", "text"),
    [
        (Architecture(32, **SIZES), r"draws 32 px in 3 channels, and the data set has 16 px in 3"),
        (Architecture(16, num_channels=1, **SIZES), r"draws 16 px in 1 channels"),
        (Architecture(16, label_size=2, **SIZES), r"wants labels"),
    ],
)
def test_a_network_of_other_pictures_is_poison(
    pictures: PictureFile, tmp_path: Path, architecture: Architecture, text: str
) -> None:
    with pytest.raises(Poison, match=text):
        starting_networks(network(tmp_path / "network.npz", architecture), pictures, say)


def test_a_minibatch_that_does_not_make_whole_groups_is_poison(pictures: PictureFile) -> None:
    with pytest.raises(Poison, match="multiple of 4"):
        starting_networks(TOY.model_copy(update={"minibatch": 6}), pictures, say)


@pytest.mark.parametrize("minibatch", [1, 2, 3, 4, 12])
def test_a_minibatch_of_whole_groups_or_less_than_one_is_fine(pictures: PictureFile, minibatch: int) -> None:
    assert starting_networks(TOY.model_copy(update={"minibatch": minibatch}), pictures, say)


def test_pictures_too_small_for_a_network_are_poison(tmp_path: Path) -> None:
    path = tmp_path / "toy-r02.tfrecords"
    path.write_bytes(frame(encode_picture(np.zeros((3, 4, 4), np.uint8))))
    with pytest.raises(Poison, match="at least 8"):
        starting_networks(TOY, PictureFile(path), say)
