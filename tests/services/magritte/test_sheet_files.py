from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from PIL import Image

from services.magritte.sheet_files import png_file, write_pages, written
from shared.pictures.contact_sheet import Layout, Tile

LAYOUT = Layout(width=20, height=20, columns=2, rows=1, lines=1)


def test_pages_are_written_while_the_tiles_of_later_ones_are_still_to_come(tmp_path: Path) -> None:
    there: list[int] = []

    def tiles() -> Iterator[Tile]:
        for _ in range(5):
            there.append(len(list(tmp_path.glob("*.png"))))
            yield Tile(Image.new("RGB", (9, 9)))

    files = write_pages(tmp_path / "a.png", tiles(), 5, LAYOUT)
    assert [file.name for file in files] == ["a-1.png", "a-2.png", "a-3.png"]
    assert there == [0, 0, 1, 1, 2]
    assert written(files) == f"{tmp_path}/a-1.png to a-3.png"


def test_a_single_page_has_the_name_that_was_asked_for(tmp_path: Path) -> None:
    files = write_pages(tmp_path / "deep" / "a.png", [Tile("nothing")] * 2, 2, LAYOUT)
    assert files == [tmp_path / "deep" / "a.png"]
    assert written(files) == str(files[0])


def test_a_sheet_is_a_png_file() -> None:
    assert png_file(Path("a.PNG")) == Path("a.PNG")
    assert png_file(None) is None
    with pytest.raises(typer.BadParameter):
        png_file(Path("a.jpg"))
