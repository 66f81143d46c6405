from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from services.magritte.exports.new_place import appearing, check_free
from shared.contract.errors import StoreUnavailable


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_written_has_its_name_once_it_is_whole(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "new" / "target"
    with appearing(target) as place:
        path = place if kind == "file" else place / "file"
        path.parent.mkdir(exist_ok=True)
        path.write_text("whole")
        assert not target.exists()
    assert [path.name for path in target.parent.iterdir()] == ["target"]
    assert (target if kind == "file" else target / "file").read_text() == "whole"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_is_interrupted_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with appearing(tmp_path / "target") as place:
            place.mkdir()
            (place / "half").write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_gives_way(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    check_free(tmp_path / "target", "--out")
    with appearing(tmp_path / "target") as place:
        place.write_text("a file")
    assert (tmp_path / "target").read_text() == "a file"


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    def write(text: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        with appearing(tmp_path / "target") as place:
            place.mkdir()
            (place / "a").write_text(text)
            meanwhile()

    with pytest.raises(StoreUnavailable):
        write("slow", lambda: write("fast"))
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["fast"]


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_there_already_is_not_replaced(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    if kind == "file":
        target.write_text("precious")
    elif kind == "folder":
        target.mkdir()
        (target / "a").write_text("precious")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(typer.BadParameter, match="is there already"):
        check_free(target, "--out")
