from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.magritte.picture_files import write_png
from shared.contract.errors import StoreUnavailable


@pytest.mark.parametrize(("channels", "mode"), [(3, "RGB"), (1, "L")])
def test_the_file_shows_the_picture(tmp_path: Path, channels: int, mode: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    write_png(tmp_path / "new" / "a.png", picture)
    with Image.open(tmp_path / "new" / "a.png") as found:
        assert (found.format, found.mode, found.size) == ("PNG", mode, (7, 5))
        assert np.array_equal(np.asarray(found).reshape(picture.shape), picture)


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    write_png(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match=str(tmp_path / "file")):
        write_png(tmp_path / "file" / "a.png", np.zeros((2, 2, 3), np.uint8))
