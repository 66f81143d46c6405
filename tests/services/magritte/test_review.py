"""Reviews by hand: exported, changed as a person changes files, and read back."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import NotFound, Unreadable
from shared.contract.messages import Decision
from shared.contract.reasons import Reason
from shared.ledger.verdicts import Verdict, give, given
from shared.recipe.recipe import Recipe
from shared.recipe.review import Review
from shared.recipe.sources import FolderSource
from shared.runs.registry import open_run
from shared.store import FolderStore
from tests.services.magritte.exported import decide_in_table, exported, imported, log, said
from tests.services.magritte.test_suspects import ENTRIES, OWN, Magritte, sorted_run
from tests.services.magritte.verdict_runs import done, faces
from tests.shared.ledgers import finish, story, tally_of

__all__ = ["faces", "sorted_run"]  # fixtures


@pytest.fixture
def folder(tmp_path: Path, sorted_run: str) -> Path:
    """The place for an export of a run of 35 faces."""
    return tmp_path / "out" / "review"


def test_the_pictures_of_the_data_set_are_written_byte_for_byte_with_a_table_and_an_explanation(
    magritte: Magritte, store: FolderStore, folder: Path
) -> None:
    faces = exported(magritte, folder)
    assert len(faces) == len(ENTRIES)
    for face in faces:
        assert (folder / face["file"]).read_bytes() == store.get(keys.normalized(face["picture"]))
    assert {path.name for path in folder.iterdir()} - {face["file"] for face in faces} == {
        "review.csv", "drop", "README.txt", "export.json",
    }  # fmt: skip
    assert "Delete a picture, or move it" in (folder / "README.txt").read_text()
    rows = list(csv.DictReader((folder / "review.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["file"] for row in rows] == [face["file"] for face in faces]
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert {row["decision"] for row in rows} == {""}


def test_file_names_are_in_the_order_of_suspicion(magritte: Magritte, folder: Path) -> None:
    said(magritte, "review", "export", "--out", str(folder))
    files = sorted(path.name for path in folder.glob("*.png"))
    first = [name.partition("_")[2].partition(".")[0] for name in files[:11]]
    assert len(set(first) & set(ENTRIES[OWN:])) >= 9
    rows = list(csv.DictReader((folder / "review.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["file"] for row in rows] == files
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_a_run_without_a_ranking_cannot_be_sorted_by_score(magritte: Magritte, folder: Path, sorted_run: str) -> None:
    error = magritte("review", "export", "--out", str(folder), "--sort", "score").exception
    assert isinstance(error, NotFound)
    assert f"run {sorted_run} has no ranking yet: `magritte rank {sorted_run}` makes one" in str(error)
    assert not folder.exists()


def test_what_nobody_has_decided_about_and_what_somebody_has_dropped_are_exported_alone(
    magritte: Magritte, folder: Path, tmp_path: Path
) -> None:
    said(magritte, "verdict", "drop", f"{ENTRIES[0]}.0", f"{ENTRIES[1]}.0")
    said(magritte, "verdict", "keep", f"{ENTRIES[2]}.0")
    assert [face["face"] for face in exported(magritte, folder, "--only", "dropped")] == [
        f"{ENTRIES[0]}.0",
        f"{ENTRIES[1]}.0",
    ]
    rest = {face["face"] for face in exported(magritte, tmp_path / "open", "--only", "open")}
    assert rest == {f"{entry}.0" for entry in ENTRIES[3:]}
    assert len(exported(magritte, tmp_path / "first", "--most", "4")) == 4


def test_an_export_goes_neither_into_a_folder_with_files_nor_into_a_source(
    magritte: Magritte, folder: Path, sorted_run: str, recipe: Recipe, store: FolderStore
) -> None:
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    refused = magritte("review", "export", "--out", str(folder))
    assert (refused.exit_code, "empty: name another folder" in " ".join(refused.stderr.split())) == (2, True)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    source = next(each.folder for each in recipe.sources if isinstance(each, FolderSource))
    result = magritte("review", "export", sorted_run, "--out", str(source / "review"))
    assert result.exit_code == 2
    assert not source.exists()


def test_pictures_that_were_deleted_or_moved_into_drop_are_dropped(
    magritte: Magritte, store: FolderStore, folder: Path, sorted_run: str
) -> None:
    faces = exported(magritte, folder)
    (folder / faces[0]["file"]).unlink()
    shutil.move(folder / faces[1]["file"], folder / "drop")
    found = imported(magritte, folder)
    assert [(each["file"], each["by"]) for each in found["changes"]] == [
        (faces[0]["file"], "deleted"),
        (faces[1]["file"], "moved into drop"),
    ]
    assert log(store) == [(0, face["image"][:6], "drop") for face in faces[:2]]
    tally = tally_of(store, sorted_run)
    for face in faces[:3]:
        is_dropped = tally.settlement(face["face"].partition(".")[0]).reason == Reason.REJECTED
        assert is_dropped is (face in faces[:2])


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"delimiter": ";", "encoding": "utf-8-sig"},
        {"delimiter": "\t", "encoding": "utf-16"},
        {"delimiter": ";", "encoding": "cp1252"},
    ],
)
def test_decisions_are_read_as_spreadsheets_save_them(
    magritte: Magritte, store: FolderStore, folder: Path, form: dict[str, str]
) -> None:
    faces = exported(magritte, folder)
    decide_in_table(folder, {faces[0]["file"]: "Drop ", faces[2]["file"]: "keep", faces[3]["file"]: "perhaps"}, **form)
    found = imported(magritte, folder)
    assert [each["decision"] for each in found["changes"]] == ["drop", "keep"]
    assert found["notes"] == ["review.csv:5: decision: perhaps: give drop, keep, box or nothing"]
    assert log(store) == [(0, faces[0]["image"][:6], "drop"), (0, faces[2]["image"][:6], "keep")]


def test_a_row_that_was_deleted_and_a_picture_with_another_name_mean_nothing(
    magritte: Magritte, store: FolderStore, folder: Path
) -> None:
    faces = exported(magritte, folder)
    lines = (folder / "review.csv").read_text(encoding="utf-8-sig").splitlines()
    (folder / "review.csv").write_text("\n".join([lines[0], *lines[3:]]))
    (folder / faces[0]["file"]).rename(folder / "the best.png")
    (folder / "holiday.png").write_bytes(b"no picture at all")
    found = imported(magritte, folder)
    assert found["changes"] == []
    assert set(found["notes"]) == {
        f"the best.png is taken for {faces[0]['file']}",
        "holiday.png is no picture of this export: it means nothing",
    }
    assert log(store) == []


def test_what_contradicts_itself_is_named_and_nothing_is_done(
    magritte: Magritte, store: FolderStore, folder: Path
) -> None:
    faces = exported(magritte, folder)
    (folder / faces[0]["file"]).unlink()
    decide_in_table(folder, {faces[0]["file"]: "keep"})
    shutil.copy(folder / faces[1]["file"], folder / "drop")
    found = imported(magritte, folder)
    assert found["changes"] == []
    assert [note.partition(":")[0].partition(" ")[0] for note in sorted(found["notes"])] == [
        faces[0]["file"],
        faces[1]["file"],
    ]
    assert "was deleted, but review.csv:2 says keep: nothing is done" in min(found["notes"])
    assert log(store) == []


def test_nothing_is_done_before_it_was_shown_and_approved(magritte: Magritte, store: FolderStore, folder: Path) -> None:
    faces = exported(magritte, folder)
    (folder / faces[0]["file"]).unlink()
    assert f"drop  {faces[0]['file']}  deleted" in said(magritte, "review", "import", str(folder), "--dry-run")
    refused = magritte("review", "import", str(folder))  # nothing answers
    assert refused.exit_code == 1
    assert f"drop  {faces[0]['file']}  deleted" in refused.stdout
    assert log(store) == []


def test_an_import_that_is_repeated_does_nothing_and_undoing_in_the_folder_takes_back(
    magritte: Magritte, store: FolderStore, folder: Path
) -> None:
    faces = exported(magritte, folder)
    away = folder.parent / "away.png"
    shutil.move(folder / faces[0]["file"], away)
    imported(magritte, folder)
    again = imported(magritte, folder)
    assert (again["changes"], again["before"]) == ([], [1])
    assert len(log(store)) == 1
    shutil.move(away, folder / faces[0]["file"])
    assert [each["decision"] for each in imported(magritte, folder)["changes"]] == ["keep"]
    assert imported(magritte, folder)["changes"] == []
    assert [decision for _, _, decision in log(store)] == ["drop", "keep"]


def test_a_verdict_of_somebody_else_since_the_export_is_named_and_the_later_one_holds(
    magritte: Magritte, store: FolderStore, folder: Path, tmp_path: Path
) -> None:
    faces = exported(magritte, folder)
    other = tmp_path / "other"
    exported(magritte, other)
    (other / faces[0]["file"]).unlink()
    imported(magritte, other)
    give(store, "anya", Verdict(image=faces[1]["image"], decision=Decision.DROP, who="bea"))
    decide_in_table(folder, {faces[0]["file"]: "keep", faces[1]["file"]: "keep", faces[2]["file"]: "keep"})
    found = imported(magritte, folder)
    who = dict(given(store, "anya"))[1].who
    assert found["conflicts"] == [
        f"{faces[0]['file']}: keep here, drop by {who}, verdict 1 since then",
        f"the picture of {faces[1]['file']}: keep here, drop by bea, verdict 2 since then",
    ]
    assert log(store)[2] == (0, faces[0]["image"][:6], "keep")
    assert imported(magritte, other)["changes"] == []  # the later one holds, also when the other is read once more
    assert imported(magritte, folder)["changes"] == []


def test_a_verdict_that_was_written_when_the_import_was_killed_is_told_to_the_run_the_next_time(
    magritte: Magritte, store: FolderStore, folder: Path, sorted_run: str
) -> None:
    faces = exported(magritte, folder)
    export = json.loads((folder / "export.json").read_text())["id"]
    (folder / faces[0]["file"]).unlink()
    give(store, "anya", Verdict(image=faces[0]["image"], face=0, decision=Decision.DROP, who="me", export=export))
    entry = faces[0]["face"].partition(".")[0]
    assert tally_of(store, sorted_run).settlement(entry).reason == ""
    assert imported(magritte, folder)["changes"] == []
    assert tally_of(store, sorted_run).settlement(entry).reason == Reason.REJECTED
    before = len(story(store, sorted_run))
    imported(magritte, folder)
    assert (len(story(store, sorted_run)), len(log(store))) == (before, 1)


def test_folders_that_are_no_export_or_not_a_whole_one_are_refused(
    magritte: Magritte, store: FolderStore, folder: Path
) -> None:
    assert isinstance(magritte("review", "import", str(folder)).exception, NotFound)
    faces = exported(magritte, folder)
    table = (folder / "review.csv").read_bytes()
    (folder / "review.csv").write_text("nothing\nof,use\n")
    error = magritte("review", "import", str(folder)).exception
    assert isinstance(error, Unreadable)
    assert "review.csv has no line with the columns `file` and `decision`" in str(error)
    (folder / "review.csv").write_bytes(table)
    for face in faces:
        (folder / face["file"]).unlink()
    error = magritte("review", "import", str(folder), "--yes").exception
    assert "has no picture any more" in str(error)
    (folder / "export.json").write_text("{}")
    assert isinstance(magritte("review", "import", str(folder)).exception, Unreadable)
    assert log(store) == []


def test_closing_a_review_says_what_comes_of_it(
    magritte: Magritte, store: FolderStore, faces: str, recipe: Recipe
) -> None:
    assert f"{faces} waits for no review" in done(magritte("review", "close", faces))
    reviewed = open_run(store, recipe.model_copy(update={"review": Review(required=True)})).name
    assert "as soon as all pictures are settled" in done(magritte("review", "close", reviewed))
    finish(store, reviewed)
    before = len(story(store, reviewed))
    assert f"{reviewed} is finished: there is no review to close" in done(magritte("review", "close", reviewed))
    assert len(story(store, reviewed)) == before
