import shutil
from pathlib import Path

from services.magritte.reviews.pictures import Pictures, State, files_in, look_at_pictures
from tests.services.magritte.reviews.exports import FILES, content, export, write


def looked_at(folder: Path) -> Pictures:
    return look_at_pictures(folder, export(), files_in(folder))


def states(folder: Path) -> list[State]:
    return [looked_at(folder).states[face.face] for face in export().faces]


def test_a_folder_that_nobody_has_touched_says_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "review")
    for name in (
        "review.csv",
        "README.txt",
        "export.json",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "~lock.x",
        "a.csv~",
    ):
        (folder / name).write_bytes(b"")
    found = looked_at(folder)
    assert set(found.states.values()) == {State.UNTOUCHED}
    assert (found.remarks, found.edited) == ([], {})


def test_what_lies_in_drop_is_dropped_whatever_it_is_called_and_what_lies_elsewhere_is_not(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path / "review")
    shutil.move(folder / FILES[0], folder / "drop" / "not her.png")
    (folder / "later").mkdir()
    shutil.move(folder / FILES[1], folder / "later")
    assert states(folder) == [State.DROPPED, State.UNTOUCHED, State.UNTOUCHED, State.UNTOUCHED]


def test_other_bytes_are_an_edit_by_the_name_with_another_suffix_and_as_a_copy(tmp_path: Path) -> None:
    folder = write(tmp_path / "review")
    (folder / FILES[0]).write_bytes(b"changed")
    (folder / FILES[1]).unlink()
    (folder / FILES[1]).with_suffix(".JPG").write_bytes(b"changed")
    copy = folder / FILES[2].replace(".png", " (copy).png")
    copy.write_bytes(b"changed")
    found = looked_at(folder)
    assert states(folder) == [State.EDITED, State.EDITED, State.EDITED, State.UNTOUCHED]
    assert found.edited[export().faces[2].face] == copy


def test_two_edits_of_one_picture_and_a_picture_that_is_also_in_drop_are_unclear(tmp_path: Path) -> None:
    folder = write(tmp_path / "review")
    (folder / FILES[0]).write_bytes(b"changed")
    (folder / FILES[0]).with_suffix(".jpg").write_bytes(b"changed otherwise")
    shutil.copy(folder / FILES[1], folder / "drop")
    assert states(folder) == [State.UNCLEAR, State.UNCLEAR, State.UNTOUCHED, State.UNTOUCHED]
    assert [remark[: len(FILES[0])] for remark in looked_at(folder).remarks] == FILES[:2]


def test_pictures_whose_names_were_exchanged_are_told_by_their_bytes(tmp_path: Path) -> None:
    folder = write(tmp_path / "review")
    (folder / FILES[0]).write_bytes(content(FILES[1]))
    (folder / FILES[1]).write_bytes(content(FILES[0]))
    assert set(states(folder)) == {State.UNTOUCHED}
    assert len(looked_at(folder).remarks) == 2
