import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.magritte.networks.chosen import OpenedNetwork
from services.magritte.networks.target import Fit, target_picture
from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.store import FolderStore
from tests.services.magritte.toy_networks import networks
from tests.services.magritte.verdict_runs import ENTRIES, IMAGES, faces

__all__ = ["faces"]  # a fixture


def opened(**sizes: int) -> OpenedNetwork:
    return OpenedNetwork(networks(1, **sizes), "toy")


def of_run(store: FolderStore, run: str) -> OpenedNetwork:
    return OpenedNetwork(networks(1), f"run {run}", store, run)


def striped(folder: Path, mode: str = "RGB", size: tuple[int, int] = (24, 8)) -> Path:
    """A picture whose thirds from left to right are black, white and black."""
    path = folder / "striped.png"
    picture = Image.new(mode, size)
    picture.paste("white", (size[0] // 3, 0, 2 * size[0] // 3, size[1]))
    picture.save(path)
    return path


def test_the_middle_of_a_file_s_picture_is_taken(tmp_path: Path) -> None:
    found = target_picture(str(striped(tmp_path)), opened(), Fit.CROP)
    assert (found.shape, found.dtype, found.min()) == ((8, 8, 3), np.uint8, 255)


def test_all_of_it_is_taken_between_black_bars(tmp_path: Path) -> None:
    found = target_picture(str(striped(tmp_path, size=(240, 120))), opened(), Fit.PAD)
    assert not found[[0, 1, -2, -1]].any()
    assert found[4, 3:5].min() > 250
    assert found[4, [0, -1]].max() < 5


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 1), ("L", 3), ("L", 1)])
def test_it_has_the_network_s_channels(tmp_path: Path, mode: str, channels: int) -> None:
    found = target_picture(str(striped(tmp_path, mode)), opened(num_channels=channels), Fit.CROP)
    assert (found.shape, found.min()) == ((8, 8, channels), 255)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(path)
    assert target_picture(str(path), opened(), Fit.CROP).min() == 255


@pytest.mark.parametrize("name", ["two.png", f"{ENTRIES[1]}.0", ENTRIES[1]])
def test_a_face_of_the_data_set_is_found_by_its_names(store: FolderStore, faces: str, name: str) -> None:
    content = io.BytesIO()
    Image.new("RGB", (16, 16), (9, 200, 30)).save(content, "PNG")
    store.put(keys.normalized(IMAGES[1]), content.getvalue())
    assert target_picture(name, of_run(store, faces), Fit.CROP).reshape(-1, 3).tolist() == [[9, 200, 30]] * 64


def test_several_faces_that_can_be_meant_are_named(store: FolderStore, faces: str) -> None:
    with pytest.raises(NotFound, match=rf"2 faces .* such as {ENTRIES[0]}\.0 {ENTRIES[2]}\.0"):
        target_picture("one.png", of_run(store, faces), Fit.CROP)


def test_what_is_neither_file_nor_face_is_told(store: FolderStore, faces: str) -> None:
    with pytest.raises(NotFound, match=r"no file lost\.png, and no face of it in the data set"):
        target_picture("lost.png", of_run(store, faces), Fit.CROP)
    with pytest.raises(NotFound, match="only with a run can a face be meant"):
        target_picture("lost.png", opened(), Fit.CROP)


def test_a_file_that_is_no_picture_is_told_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_text("no picture")
    with pytest.raises(Poison, match=r"text\.png: not-a-picture"):
        target_picture(str(path), opened(), Fit.CROP)
