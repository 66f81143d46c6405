"""The lists of what a recipe excludes, in the recipe or in a file."""

from pathlib import Path

import pytest

from shared.contract.errors import RecipeError
from shared.recipe.exclude import Exclude
from shared.recipe.file import read_recipe


def written(folder: Path, exclude: str) -> Path:
    (folder / "pictures").mkdir(exist_ok=True)
    path = folder / "recipe.yaml"
    path.write_text(f"name: anya\nsources:\n  - folder: ./pictures\nexclude: {exclude}\n")
    return path


def test_the_lists_can_be_in_the_recipe(tmp_path: Path) -> None:
    recipe = read_recipe(written(tmp_path, "{artists: [a, b], works: ['pixiv:1']}"))
    assert recipe.exclude == Exclude(artists=("a", "b"), works=("pixiv:1",))


def test_the_lists_can_be_in_a_file_beside_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "exclude.yaml").write_text("artists:\n  - a\n")
    assert read_recipe(written(tmp_path, "exclude.yaml")).exclude == Exclude(artists=("a",))


def test_an_empty_file_excludes_nothing(tmp_path: Path) -> None:
    (tmp_path / "exclude.yaml").write_text("")
    assert read_recipe(written(tmp_path, "exclude.yaml")).exclude == Exclude()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- a\n", "exclude.yaml: it should have the lists `artists`, `works` and `tags`"),
        ("works: ['pixiv:1']\nartists: a\n", "exclude.yaml:2: artists: write a list"),
        ("artists: [a]\nwork: [b]\n", "exclude.yaml:2: work: no such field; allowed are artists, works, tags"),
        ("artists:\n  - a: [", "exclude.yaml:2: not YAML"),
        ("artists: [a]\nartists: [b]\n", "exclude.yaml:2: artists: is there twice"),
        (
            "artists:\n  - a\n  - ''\nworks:\n  - pixiv:1\n  - b\n",
            "exclude.yaml:3: artists[1]: a name is empty\nexclude.yaml:6: works[1]: 'b' names no work",
        ),
    ],
)
def test_a_file_that_is_no_such_lists_is_refused_by_its_line(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "exclude.yaml").write_text(content)
    with pytest.raises(RecipeError) as refused:
        read_recipe(written(tmp_path, "exclude.yaml"))
    assert str(refused.value).replace(f"{tmp_path}/", "").startswith(words)


@pytest.mark.parametrize(
    "work", ["104000064", "pixiv #104000046", "danbooru: 1000100", "danbooru:abc", "https://example.org/"]
)
def test_what_names_no_work_is_refused(tmp_path: Path, work: str) -> None:
    with pytest.raises(RecipeError, match="names no work"):
        read_recipe(written(tmp_path, f'{{works: ["{work}"]}}'))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"there is no file .*nowhere\.yaml"):
        read_recipe(written(tmp_path, "nowhere.yaml"))
