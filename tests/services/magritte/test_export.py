import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from services.magritte.export import Format
from shared.contract import keys
from shared.contract.errors import NotFound
from shared.store import FolderStore
from tests.services.magritte.packed_pictures import pack, tell_tags

Magritte = Callable[..., Result]


@pytest.fixture
def packed(store: FolderStore, run: str) -> str:
    """A run with two versions of its data set, of three pictures and of two."""
    pack(store, run, 1, [1, 2, 3])
    pack(store, run, 2, [1, 3])
    return run


@pytest.mark.parametrize("kind", Format)
def test_the_newest_version_is_written_unless_another_is_named(
    magritte: Magritte, packed: str, tmp_path: Path, kind: Format
) -> None:
    for version, pictures in (([], 2), (["--version", "1"], 3)):
        out = tmp_path / f"out of {pictures}"
        result = magritte("export", packed, "--as", kind, "--out", str(out), "--json", *version)
        assert result.exit_code == 0, result.exception
        answer = json.loads(result.stdout)
        assert (answer["pictures"], answer["missing"], answer["out"]) == (pictures, [], str(out))
        assert out.exists()


def test_without_a_place_it_is_written_below_the_folder_for_exports(
    magritte: Magritte, packed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = magritte("export", "--as", "stylegan3")
    assert f"2 of 2 pictures of {packed}, version 2: exports/{packed}-v2-stylegan3.zip" in result.stdout
    with zipfile.ZipFile(tmp_path / "exports" / f"{packed}-v2-stylegan3.zip") as file:
        assert len(file.namelist()) == 3
    assert magritte("export", "--as", "kohya").exit_code == 0
    assert (tmp_path / "exports" / f"{packed}-v2-kohya" / "10_anya").is_dir()
    again = magritte("export", "--as", "kohya")
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)


def test_captions_have_the_trigger_and_what_a_tagger_has_told(
    magritte: Magritte, store: FolderStore, packed: str, tmp_path: Path
) -> None:
    tell_tags(store, packed, 1, "pink_hair")
    words = ("--as", "kohya", "--trigger", "anyaforger", "--repeats", "3", "--out", str(tmp_path / "out"))
    assert magritte("export", *words).exit_code == 0
    captions = sorted(path.read_text() for path in (tmp_path / "out" / "3_anya").glob("*.txt"))
    assert captions == ["anyaforger, smile\n", "anyaforger, smile, pink hair\n"]


def test_shards_have_the_size_that_is_asked_for(magritte: Magritte, packed: str, tmp_path: Path) -> None:
    assert magritte("export", "--as", "webdataset", "--shard-size", "1", "--out", str(tmp_path / "out")).exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["anya-000000.tar", "anya-000001.tar"]


@pytest.mark.parametrize("kind", Format)
def test_a_picture_that_is_gone_is_named_and_the_others_are_written(
    magritte: Magritte, store: FolderStore, run: str, tmp_path: Path, kind: Format
) -> None:
    members = pack(store, run, 1, [1, 2, 3])
    store.delete(keys.normalized(members[1].picture))
    result = magritte("export", "--as", kind, "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert f"missing: {members[1].name}" in result.stderr
    assert "2 of 3 pictures" in result.stdout
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", Format)
def test_a_data_set_without_any_picture_writes_nothing(
    magritte: Magritte, store: FolderStore, run: str, tmp_path: Path, kind: Format
) -> None:
    (member,) = pack(store, run, 1, [1])
    store.delete(keys.normalized(member.picture))
    assert isinstance(magritte("export", "--as", kind, "--out", str(tmp_path / "out" / "a")).exception, NotFound)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--as", "stylegan3", "--repeats", "3"], "--repeats"),
        (["--as", "webdataset", "--trigger", "anya"], "--trigger"),
        (["--as", "kohya", "--shard-size", "10"], "--shard-size"),
        (["--as", "parquet"], "--as"),
        (["--as", "kohya", "--out", "pictures/out"], "--out"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    magritte: Magritte, packed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = magritte("export", *words)
    assert (result.exit_code, named in result.stderr) == (2, True)
    assert not (tmp_path / "pictures").exists()


def test_a_version_that_there_is_not_is_an_error(magritte: Magritte, packed: str, tmp_path: Path) -> None:
    error = magritte("export", "--as", "kohya", "--version", "7", "--out", str(tmp_path / "out")).exception
    assert isinstance(error, NotFound)
    assert "it has 1, 2" in str(error)


def test_a_run_without_a_data_set_is_an_error(magritte: Magritte, run: str) -> None:
    assert isinstance(magritte("export", "--as", "kohya").exception, NotFound)
