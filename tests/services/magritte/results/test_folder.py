import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from services.magritte.results.folder import RECORD, Changes, Wanted, opened
from shared.contract.errors import NotFound, SettingsError, Unreadable


def saying(text: str, origin: str = "") -> Wanted:
    return Wanted(origin or text, lambda path: path.write_text(text))


def update(folder: Path, files: dict[str, Wanted], replace: bool = False, keep: str = "/") -> Changes:
    with opened(folder) as results:
        return results.update(files, replace, keep)


def test_what_has_changed_is_replaced_and_what_is_no_result_any_more_removed(tmp_path: Path) -> None:
    update(tmp_path, {"a": saying("1"), "b/c": saying("2"), "d": saying("3")})
    changes = update(tmp_path, {"a": saying("1"), "d": saying("4")})
    assert changes == Changes(("d",), ("b/c",), ())
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.name[0] != "."} == {"a": "1", "d": "4"}


def test_nothing_is_written_while_nothing_has_changed(tmp_path: Path) -> None:
    update(tmp_path, {"a": saying("1")})
    before = [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.iterdir()]
    assert update(tmp_path, {"a": Wanted("1", lambda path: pytest.fail("written again"))}) == Changes((), (), ())
    assert [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.iterdir()] == before


def test_files_of_somebody_else_stay(tmp_path: Path) -> None:
    update(tmp_path, {"edited": saying("1"), "old": saying("2"), "gone": saying("3")})
    (tmp_path / "edited").write_text("mine")
    (tmp_path / "old").write_text("mine too")
    (tmp_path / "there before").write_text("mine three")
    changes = update(tmp_path, {"edited": saying("4"), "there before": saying("5")})
    assert set(changes.foreign) == {"edited", "there before"}
    assert (changes.written, changes.removed) == ((), ("gone",))
    assert [(tmp_path / name).read_text()[:4] for name in ("edited", "old", "there before")] == ["mine"] * 3
    assert update(tmp_path, {"edited": saying("4")}, replace=True).written == ("edited",)


def test_a_link_or_folder_of_somebody_else_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "results" / "folder").mkdir(parents=True)
    (tmp_path / "results" / "link").symlink_to(tmp_path / "elsewhere")
    changes = update(tmp_path / "results", {"link": saying("1"), "folder": saying("2")})
    assert set(changes.foreign) == {"link", "folder"}
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_a_folder_that_was_copied_without_its_times_is_known_again(tmp_path: Path) -> None:
    update(tmp_path, {"a": saying("1"), "b": saying("2")})
    for name in ("a", "b"):
        os.utime(tmp_path / name, (1, 1))
    assert update(tmp_path, {"a": saying("1"), "b": saying("3")}).written == ("b",)


def test_the_same_file_that_somebody_else_has_put_there_counts_as_ours(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    assert update(tmp_path, {"a": saying("1")}).foreign == ()
    assert update(tmp_path, {"a": saying("2")}).written == ("a",)


def test_an_error_about_one_file_is_raised_once_the_others_are_there(tmp_path: Path) -> None:
    def lost(path: Path) -> None:
        raise NotFound("it is gone")

    with pytest.raises(NotFound, match="it is gone"):
        update(tmp_path, {"a": Wanted("x", lost), "b": saying("2")})
    assert (tmp_path / "b").read_text() == "2"
    assert not (tmp_path / "a").exists()


def in_child(work: Callable[[], object]) -> int:
    """Do the work in a process of its own, and return how that ends."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(60)
    return process.exitcode or 0


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_process_that_was_killed_leaves_whole_files_and_the_next_goes_on(tmp_path: Path) -> None:
    def killing(path: Path) -> None:
        path.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)

    update(tmp_path, {f"{number}": saying("old") for number in range(40)})
    files = {f"{number}": saying("new") for number in range(40)}
    assert in_child(lambda: update(tmp_path, files | {"39": Wanted("new", killing)})) == -signal.SIGKILL
    assert {(tmp_path / name).read_text() for name in files} == {"old", "new"}
    newer = {f"{number}": saying("newer") for number in range(40)}
    assert update(tmp_path, newer).foreign == ()
    assert {(tmp_path / name).read_text() for name in files} == {"newer"}
    assert sorted(path.name for path in tmp_path.iterdir() if path.name[0] == ".") == [RECORD, ".magritte.lock"]


def test_a_file_that_was_recorded_and_not_yet_put_there_is_still_ours(tmp_path: Path) -> None:
    update(tmp_path, {"a": saying("1")})
    record = json.loads((tmp_path / RECORD).read_text())
    coming = {"origin": "2", "size": 100, "mtime_ns": 1, "sha256": "00"}
    record["files"]["a"].insert(0, coming)
    (tmp_path / RECORD).write_text(json.dumps(record))
    assert update(tmp_path, {"a": saying("2")}) == Changes(("a",), (), ())
    assert (tmp_path / "a").read_text() == "2"


def test_two_at_once_wait_for_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def second() -> None:
        with opened(tmp_path) as results:
            order.append("second")
            results.update({"a": saying("2"), "c": saying("3")})

    order = list[str]()
    with opened(tmp_path) as results:
        other = threading.Thread(target=second)
        other.start()
        other.join(0.3)
        results.update({"a": saying("1"), "b": saying("1")})
        order.append("first")
    other.join(60)
    assert order == ["first", "second"]
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.name[0] != "."} == {"a": "2", "c": "3"}
    assert "another process writes into" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{", '{"version": 2}', '{"files": {"../../a": []}}', '{"files": {"/etc/a": []}}'])
def test_a_record_that_cannot_be_used_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / RECORD).write_text(content)
    with pytest.raises(Unreadable, match=r"\.magritte\.json.*Delete it"):
        update(tmp_path, {"a": saying("1")})
    assert not (tmp_path / "a").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="file"):
        update(tmp_path / "file" / "results", {})


def test_names_that_are_to_be_kept_are_never_removed(tmp_path: Path) -> None:
    update(tmp_path, {"curves/1": saying("1"), "a": saying("2")}, keep="curves/")
    assert update(tmp_path, {"curves/2": saying("3")}, keep="curves/").removed == ("a",)
    assert sorted(path.name for path in (tmp_path / "curves").iterdir()) == ["1", "2"]


def test_an_extra_is_never_written_and_stays_while_it_is_the_same(tmp_path: Path) -> None:
    def extra(text: str) -> Wanted:
        return Wanted(text, lambda path: pytest.fail("written"), is_extra=True)

    assert update(tmp_path, {"a": extra("1")}) == Changes((), (), ())
    update(tmp_path, {"a": saying("1")})
    assert update(tmp_path, {"a": extra("1")}) == Changes((), (), ())
    assert update(tmp_path, {"a": extra("2")}).removed == ("a",)
