from pathlib import Path

import pytest
import typer

from services.magritte.reviews.folder import check_empty, read_export, write_rest
from shared.contract.errors import NotFound, Unreadable
from tests.services.magritte.reviews.exports import FILES, export


def test_the_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_rest(tmp_path, export(7), [{"file": file} for file in FILES], ", by name")
    assert read_export(tmp_path).faces == export().faces
    assert "Review of anya-001: 4 faces, by name." in (tmp_path / "README.txt").read_text()
    assert [
        line.partition(",")[0] for line in (tmp_path / "review.csv").read_text("utf-8-sig").splitlines()[1:]
    ] == FILES


def test_a_folder_whose_export_was_not_written_to_its_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILES[0]).write_bytes(b"")
    with pytest.raises(NotFound, match="has written, to its end"):
        read_export(tmp_path)
    (tmp_path / "export.json").write_bytes(b'{"faces": [')
    with pytest.raises(Unreadable, match=r"export\.json has been cut short"):
        read_export(tmp_path)


def test_only_a_folder_that_is_empty_or_not_there_is_taken(tmp_path: Path) -> None:
    check_empty(tmp_path)
    check_empty(tmp_path / "new")
    (tmp_path / "file").write_bytes(b"")
    for taken in (tmp_path, tmp_path / "file"):
        with pytest.raises(typer.BadParameter):
            check_empty(taken)
