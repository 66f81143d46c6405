from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from shared.contract.errors import RecipeError
from shared.recipe.file import read_recipe
from shared.recipe.recipe import Recipe
from tests.servers.boards.danbooru import Danbooru, Mixture
from tests.servers.boards.danbooru_client import EVERYTHING
from tests.services.magritte.conftest import Magritte


@pytest.fixture(scope="module")
def board() -> Iterator[Danbooru]:
    with Danbooru(Mixture(posts=12, size=(16, 16))) as board:
        yield board


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGRITTE_PRIVATE_NETWORKS", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()


def written(path: Path = Path("margot.yaml")) -> Recipe:
    return read_recipe(path)


def test_a_recipe_has_the_sources_that_are_named(magritte: Magritte, board: Danbooru) -> None:
    words = ("--pixiv", "margot", "--bookmarks", "5100", "--folder", "pictures")
    said = magritte("init", "margot", "--tag", EVERYTHING, "--danbooru", board.address, *words).stdout
    assert f"{EVERYTHING}: 12 posts" in said
    assert "magritte sources preview margot.yaml" in said
    danbooru, pixiv, folder = yaml.safe_load(Path("margot.yaml").read_text())["sources"]
    assert danbooru == {"danbooru": {"tags": [EVERYTHING], "address": board.address}}
    assert pixiv == {"pixiv": {"word": "margot", "bookmarks": 5100}}
    assert Path(folder["folder"]) == Path("pictures").absolute()
    assert written().name == "margot"


def test_a_tag_that_the_board_does_not_have_is_refused_with_similar_ones(magritte: Magritte, board: Danbooru) -> None:
    done = magritte("init", "margot", "--tag", "margot", "--danbooru", board.address)
    assert isinstance(done.exception, RecipeError)
    assert f"no posts with the tag margot. It has {EVERYTHING} (12)" in str(done.exception)
    assert not Path("margot.yaml").exists()


def test_a_tag_can_be_written_unchecked(magritte: Magritte, board: Danbooru) -> None:
    asked = len(board.log)
    magritte("init", "margot", "--tag", "margot", "--danbooru", board.address, "--unchecked")
    assert len(board.log) == asked
    assert written().name == "margot"


def test_a_board_that_cannot_be_reached_is_a_warning(magritte: Magritte) -> None:
    done = magritte("init", "margot", "--tag", "margot", "--danbooru", "http://127.0.0.1:9")
    assert "could not be looked up" in done.stderr
    assert written().name == "margot"


def test_a_recipe_that_is_there_is_written_over_only_if_asked(magritte: Magritte) -> None:
    Path("margot.yaml").write_text("mine")
    assert isinstance(magritte("init", "margot", "--folder", "pictures").exception, RecipeError)
    assert Path("margot.yaml").read_text() == "mine"
    magritte("init", "margot", "--folder", "pictures", "--force")
    assert written().name == "margot"


@pytest.mark.parametrize(
    "words",
    [("Margot", "--folder", "pictures"), ("margot", "--folder", "nowhere"), ("margot", "--tag", "a b", "--unchecked")],
)
def test_what_would_be_no_recipe_is_not_written(magritte: Magritte, words: tuple[str, ...]) -> None:
    done = magritte("init", *words)
    assert isinstance(done.exception, RecipeError)
    assert list(Path().glob("*.yaml")) == []


def test_where_nobody_can_be_asked_the_options_are_named(magritte: Magritte) -> None:
    assert "--tag, --pixiv or --folder" in str(magritte("init", "margot").exception)
