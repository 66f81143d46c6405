import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from shared.contract.errors import RecipeError, SettingsError
from shared.store import FolderStore

Magritte = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the person is in, with a recipe that takes all pictures in it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "anya.yaml").write_text("name: anya\nsources:\n  - folder: .\n")
    return folder


def test_a_recipe_beside_its_pictures_is_fine_while_the_store_is_elsewhere(magritte: Magritte, here: Path) -> None:
    assert magritte("recipe", "check", "anya.yaml").stdout == "anya.yaml: anya, fine\n"
    assert json.loads(magritte("recipe", "check", "anya.yaml", "--json").stdout)["name"] == "anya"


def test_the_default_store_counts_before_it_is_there(
    magritte: Magritte, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAGRITTE_STORE")
    error = magritte("recipe", "check", "anya.yaml").exception
    assert isinstance(error, RecipeError)
    assert str(error) == (
        f"anya.yaml:3: sources[0].folder: {here} holds the store, {here}/magritte-data, whose pictures would be taken "
        "for new ones: move the pictures into a folder of their own, or set MAGRITTE_STORE=folder:PATH to a folder "
        "outside it"
    )


@pytest.mark.parametrize(("name", "command"), [("results", "fetch"), ("drawn", "draw")])
def test_where_a_command_has_written_by_default_counts_once_it_is_there(
    magritte: Magritte, here: Path, name: str, command: str
) -> None:
    assert magritte("recipe", "check", "anya.yaml").exit_code == 0
    (here / name).mkdir()
    error = magritte("recipe", "check", "anya.yaml").exception
    assert isinstance(error, RecipeError)
    assert f"{here} holds what `magritte {command}` writes, {here / name}, whose pictures" in str(error)


def test_with_a_store_of_another_kind_only_what_commands_write_counts(
    magritte: Magritte, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGRITTE_STORE", "s3://pictures")
    assert magritte("recipe", "check", "anya.yaml").exit_code == 0
    (here / "results").mkdir()
    assert isinstance(magritte("recipe", "check", "anya.yaml").exception, RecipeError)


def test_a_run_with_the_store_in_its_source_is_refused_and_leaves_nothing(
    magritte: Magritte, store: FolderStore, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGRITTE_STORE", "folder:data")
    for words in (("run",), ("submit",)):
        assert isinstance(magritte(*words, "anya.yaml").exception, RecipeError)
    assert [path.name for path in here.iterdir()] == ["anya.yaml"]


THREE_TAGS = "name: anya\nsources:\n  - folder: .\n  - danbooru: {tags: [a_b, solo, smile]}\n"


def test_a_search_of_more_tags_than_a_visitor_may_name_is_found_before_a_run(
    magritte: Magritte, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "anya.yaml").write_text(THREE_TAGS)
    for words in (("recipe", "check"), ("run", "--dry-run"), ("run",)):
        error = magritte(*words, "anya.yaml").exception
        assert isinstance(error, RecipeError)
        assert str(error).startswith("anya.yaml:4: sources[1].danbooru: a search of 3 tags: without a login")
        assert "MAGRITTE_DANBOORU_LOGIN" in str(error)
    monkeypatch.setenv("MAGRITTE_DANBOORU_LOGIN", "anya")
    monkeypatch.setenv("MAGRITTE_DANBOORU_API_KEY", "right")
    assert magritte("recipe", "check", "anya.yaml").exit_code == 0
    (here / "anya.yaml").write_text(THREE_TAGS.replace("smile]", "smile], address: 'http://127.0.0.1:1'"))
    assert isinstance(magritte("recipe", "check", "anya.yaml").exception, RecipeError)


def test_a_store_in_the_home_of_nobody_is_a_wrong_setting(
    magritte: Magritte, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGRITTE_STORE", "folder:~no-such-user/data")
    for words in (("recipe", "check", "anya.yaml"), ("status",)):
        error = magritte(*words).exception
        assert isinstance(error, SettingsError)
        assert "MAGRITTE_STORE" in str(error)
