from pathlib import Path

import pytest

from services.magritte.atomic_file import replacing
from shared.contract.errors import SettingsError


def half_written(target: Path) -> None:
    with replacing(target) as path:
        path.write_bytes(b"ne")
        raise KeyError


def test_a_file_and_its_folders_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "events.out.tfevents.1"
    with replacing(target) as path:
        path.write_bytes(b"whole")
        assert not path.name.startswith("events")
        assert not target.exists()
    assert [each.name for each in target.parent.iterdir()] == [target.name]
    assert target.read_bytes() == b"whole"


def test_a_file_that_is_not_written_to_its_end_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(KeyError):
        half_written(target)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"old"


def test_where_no_folder_can_be_made_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError, match="file/folder"), replacing(tmp_path / "file" / "folder" / "a.png"):
        pass
