from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray

from shared.pictures.contact_sheet import LARGE
from tests.services.magritte.drawn_faces import ANIMEFACE, FACE, face_recipe, heads
from tests.services.magritte.sheets import middle, pixels, png, text, tile
from tests.structure.test_base_install import magritte as without_libraries

Magritte = Callable[..., Result]
BLUE, GREY = (0, 0, 255), (128, 128, 128)


def is_of(place: NDArray[np.uint8], colour: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.asarray((place == colour).all(axis=2))


def frame(place: NDArray[np.uint8], colour: tuple[int, ...], thick: int = 3) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the lines of a colour that are at least so thick."""
    lines = is_of(place, colour)
    columns = np.flatnonzero(np.convolve(lines.sum(axis=0) > 40, np.ones(thick), "valid") == thick)
    rows = np.flatnonzero(np.convolve(lines.sum(axis=1) > 40, np.ones(thick), "valid") == thick)
    return columns[0], rows[0], columns[-1] + thick - 1, rows[-1] + thick - 1


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with two heads, a plain picture, half a picture and a hidden one."""
    folder = tmp_path / "pictures"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.png").write_bytes(heads(2))
    (folder / "deep" / "b.png").write_bytes(png("#88aacc", (300, 300)))
    (folder / "half.png").write_bytes(heads(1)[:2000])
    (folder / ".hidden.png").write_bytes(heads(1))
    return folder


def test_a_sheet_shows_faces_thick_and_blue_and_crops_thin(magritte: Magritte, pictures: Path, tmp_path: Path) -> None:
    path = tmp_path / "out" / "sheet.png"
    done = magritte("faces", "preview", face_recipe(tmp_path), "--out", str(path))
    assert done.exit_code == 0, done.output
    assert f"3 pictures: 2 faces cut out, 1 monochrome, 1 truncated; {path}" in done.output
    page = pixels(path)
    place = tile(page, 0, LARGE)
    reduced, top = 360 / 640, (360 - round(360 * 360 / 640)) / 2
    left, right = place[:, :180], place[:, 180:]
    for half, centre in ((left, 160 * reduced), (right, 160 * reduced)):
        x, y, across, down = frame(half, BLUE)
        assert abs((x + across) / 2 - centre) < 5
        assert 0.65 < (across - x) / (2 * FACE * reduced) < 1.3
        assert abs((y + down) / 2 - (top + 165 * reduced)) < 20
    crop = is_of(left, BLUE).nonzero()
    face = frame(left, BLUE)
    assert crop[0].min() < face[1] - 5
    assert crop[1].min() < face[0] - 5
    assert middle(tile(page, 1, LARGE)) == (136, 170, 204)
    assert middle(tile(page, 2, LARGE)) == (176, 176, 176)
    assert [text(page, number, LARGE).min() < 100 for number in range(3)] == [True] * 3


def test_what_is_below_the_threshold_is_grey_and_dashed(magritte: Magritte, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(heads(1))
    recipe = face_recipe(tmp_path, f"{ANIMEFACE}, animeface: {{likelihood: 1.0}}")
    path = tmp_path / "sheet.png"
    done = magritte("faces", "preview", recipe, str(tmp_path / "a.png"), "--out", str(path))
    assert "1 pictures: 0 faces cut out, 1 no-face" in done.output
    place = tile(pixels(path), 0, LARGE)
    assert not is_of(place, BLUE).any()
    lines = is_of(place, GREY)
    row = lines[lines.sum(axis=1).argmax()]
    dashes = np.flatnonzero(np.diff(row.astype(int)) == 1)
    assert len(dashes) > 5
    assert 0.3 < row[dashes[0] : dashes[-1]].mean() < 0.7


def test_each_picture_can_be_drawn_at_its_own_size(magritte: Magritte, pictures: Path, tmp_path: Path) -> None:
    done = magritte("faces", "preview", face_recipe(tmp_path), "--out", str(tmp_path / "drawn"))
    assert "half.png: truncated" in done.stderr
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["0001-a.png", "0002-b.png"]
    drawn = pixels(tmp_path / "drawn" / "0001-a.png")
    assert drawn.shape == (360, 640, 3)
    assert abs(sum(frame(drawn[:, :320], BLUE)[::2]) / 2 - 160) < 8


def test_at_most_as_many_as_asked_for_are_looked_at(magritte: Magritte, pictures: Path, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    done = magritte("faces", "preview", face_recipe(tmp_path), "--most", "1", "--out", str(path))
    assert "1 pictures: 2 faces cut out" in done.output
    assert pixels(path).shape[1] == LARGE.corner(1)[0]


def test_a_file_that_is_not_there_is_a_grey_tile(magritte: Magritte, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    done = magritte("faces", "preview", face_recipe(tmp_path), str(tmp_path / "gone.png"), "--out", str(path))
    assert "1 unreadable-file" in done.output
    assert middle(tile(pixels(path), 0, LARGE)) == (176, 176, 176)


def test_nothing_is_drawn_into_a_source_or_without_pictures(magritte: Magritte, tmp_path: Path) -> None:
    recipe = face_recipe(tmp_path)
    inside = magritte("faces", "preview", recipe, "--out", str(tmp_path / "pictures" / "drawn"))
    assert (inside.exit_code, "would be taken for pictures" in " ".join(inside.output.split())) == (2, True)
    without = magritte("faces", "preview", recipe, "--out", str(tmp_path / "sheet.png"))
    assert str(without.exception) == f"there is no file in {tmp_path / 'pictures'}: name pictures"


def test_without_the_libraries_it_says_what_to_install(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    done = without_libraries(tmp_path / "store", "faces", "preview", face_recipe(tmp_path))
    assert done.returncode == 1
    assert "install magritte[" in done.stderr
    assert "Traceback" not in done.stderr
