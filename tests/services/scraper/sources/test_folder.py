import os
import sys
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from services.scraper.sources import Conditions, Fetched, Item
from services.scraper.sources.folder import FolderSource, moment
from shared.contract.errors import Transient
from shared.contract.reasons import Drop, Reason
from shared.recipe import sources as recipe
from tests.services.scraper.items import items_of


def _source(folder: Path, max_bytes: int = 1000, score: int = 0) -> FolderSource:
    return FolderSource(recipe.FolderSource(folder=folder, score=score), Conditions(max_bytes, lambda: False))


def _origins(folder: Path) -> list[str]:
    return [item.origin for item in items_of(_source(folder))]


def _write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode("utf-8", "surrogateescape"))


def test_files_at_any_depth_are_listed_in_order(tmp_path: Path) -> None:
    _write(tmp_path, "b/2.png", "b/1.png", "c.png", "a/x/y/z/1.png", "a.png", "notes.txt")
    assert _origins(tmp_path) == ["a/x/y/z/1.png", "a.png", "b/1.png", "b/2.png", "c.png", "notes.txt"]


def test_hidden_files_and_folders_are_not_listed(tmp_path: Path) -> None:
    _write(tmp_path, ".hidden.png", ".thumbnails/1.png", "a/.DS_Store", "a/1.png")
    assert _origins(tmp_path) == ["a/1.png"]


def test_an_item_says_where_it_lies_and_when_it_changed(tmp_path: Path) -> None:
    _write(tmp_path, "a/1.png")
    os.utime(tmp_path / "a/1.png", ns=(0, 123))
    place = str(tmp_path / "a/1.png")
    assert list(items_of(_source(tmp_path, score=2))) == [Item("a/1.png", place, {"size": 7, "mtime_ns": 123}, 2)]


def test_links_to_folders_are_not_followed_and_loops_do_not_hang(tmp_path: Path) -> None:
    _write(tmp_path, "a/1.png", "elsewhere/2.png")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/itself").symlink_to(tmp_path / "a/itself")
    (tmp_path / "a/file.png").symlink_to(tmp_path / "elsewhere/2.png")
    assert _origins(tmp_path) == ["a/1.png", "a/file.png", "a/itself", "elsewhere/2.png"]


def test_pipes_and_sockets_are_not_listed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert _origins(tmp_path) == []


def test_folders_may_be_nested_deeper_than_python_recurses(tmp_path: Path) -> None:
    nested: list[Path] = []
    for _ in range(sys.getrecursionlimit() + 100):
        nested.append((nested[-1] if nested else tmp_path) / "d")
        nested[-1].mkdir()
    try:
        (nested[-1] / "1.png").write_bytes(b"x")
        assert _origins(tmp_path) == ["d/" * len(nested) + "1.png"]
        (nested[-1] / "1.png").unlink()
    finally:
        for folder in reversed(nested):  # what removes pytest's folders recurses, too
            folder.rmdir()


def test_a_name_that_is_no_utf_8_is_listed_and_fetched(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))).write_bytes(b"data")
    source = _source(tmp_path)
    [item] = items_of(source)
    fetched = source.fetch(item)
    assert item.origin == "caf\udce9.png"
    assert isinstance(fetched, Fetched)
    assert fetched.data == b"data"


def test_a_file_that_vanishes_after_being_listed_is_unreadable(tmp_path: Path) -> None:
    _write(tmp_path, "1.png", "2.png")
    source = _source(tmp_path)
    first, second = items_of(source)
    (tmp_path / "1.png").unlink()
    dropped = source.fetch(first)
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.UNREADABLE_FILE
    assert "No such file" in dropped.detail
    assert isinstance(source.fetch(second), Fetched)


def test_a_file_that_vanishes_while_its_folder_is_listed_is_an_item_all_the_same(tmp_path: Path) -> None:
    _write(tmp_path, "1.png", "2.png", "3/4.png")
    items = items_of(_source(tmp_path))
    assert next(items).origin == "1.png"
    (tmp_path / "2.png").unlink()
    assert [item.origin for item in items] == ["2.png", "3/4.png"]


def test_a_folder_that_cannot_be_listed_is_dropped_as_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, "1.png")
    monkeypatch.chdir(tmp_path)
    for _ in range(22):  # in the end longer than the 4096 bytes that a path may have
        Path("d" * 200).mkdir()
        monkeypatch.chdir("d" * 200)
    source = _source(tmp_path)
    first, second = items_of(source)
    assert first.origin == "1.png"
    assert second.origin.endswith("ddd")
    assert source.fetch(second) == Drop(Reason.UNREADABLE_FILE, "it cannot be read: File name too long")


def test_a_folder_that_is_gone_is_no_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="nowhere cannot be listed: No such file"):
        list(items_of(_source(tmp_path / "nowhere")))


def test_a_file_above_the_limit_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(200_000_000)
    source = _source(tmp_path, max_bytes=100_000_000)
    [item] = items_of(source)
    tracemalloc.start()
    try:
        dropped = source.fetch(item)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert dropped == Drop(Reason.TOO_MANY_BYTES, "200000000 bytes, at most 100000000 are read")


def test_the_facts_are_name_and_time_of_the_file(tmp_path: Path) -> None:
    _write(tmp_path, "a/1.png")
    os.utime(tmp_path / "a/1.png", (0, 1_700_000_000))
    source = _source(tmp_path)
    [item] = items_of(source)
    assert source.fetch(item) == Fetched(b"a/1.png", {"name": "1.png", "modified": "2023-11-14T22:13:20+00:00"})


@pytest.mark.parametrize("seconds", [9e11, 253402300800.0, -1e12, 1e300, float("inf"), float("nan")])
def test_a_time_that_no_calendar_has_is_not_told(seconds: float) -> None:
    assert moment(seconds) is None


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.0, "1970-01-01T00:00:00+00:00"), (-11644473600.0, "1601-01-01T00:00:00+00:00")]
)
def test_old_times_are_told(seconds: float, written: str) -> None:
    assert moment(seconds) == written


def test_a_file_of_the_year_30489_is_read() -> None:
    in_memory = Path("/dev/shm")
    if not in_memory.is_dir():
        pytest.skip("needs /dev/shm, a file system that keeps such times")
    with TemporaryDirectory(dir=in_memory) as folder:
        _write(Path(folder), "a.png")
        os.utime(Path(folder, "a.png"), (9e11, 9e11))
        source = _source(Path(folder))
        assert [source.fetch(item) for item in items_of(source)] == [
            Fetched(b"a.png", {"name": "a.png", "modified": None})
        ]
