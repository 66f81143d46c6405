from pathlib import Path

import pytest

from services.magritte.local_pictures import LocalPicture, local_pictures, spread
from shared.contract.errors import NotFound
from shared.recipe.recipe import Recipe


def recipe(*sources: dict[str, object]) -> Recipe:
    return Recipe.model_validate({"name": "anya", "sources": sources})


def test_all_files_of_all_folders_are_taken_but_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/.hidden/3.png", "b/.4.png", "b/deep/1.jpg", "c/5.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = local_pictures(recipe({"folder": tmp_path / "b"}, {"folder": tmp_path / "c"}), [])
    assert [picture.name for picture in found] == ["2.png", "deep/1.jpg", "5.webp"]
    assert [picture.path for picture in found][1] == tmp_path / "b/deep/1.jpg"


def test_pictures_that_are_given_go_before_those_of_the_recipe(tmp_path: Path) -> None:
    assert local_pictures(recipe({"folder": tmp_path}), [Path("x/a.png")]) == [LocalPicture("x/a.png", Path("x/a.png"))]


def test_a_recipe_without_folders_needs_pictures(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder among the recipe's sources"):
        local_pictures(recipe({"danbooru": {"tags": ["anya"]}}), [])
    with pytest.raises(NotFound, match="no file in"):
        local_pictures(recipe({"folder": tmp_path}), [])


@pytest.mark.parametrize(("most", "expected"), [(1, [0]), (3, [0, 3, 6]), (10, list(range(10))), (99, list(range(10)))])
def test_those_that_are_looked_at_are_spread_over_all(most: int, expected: list[int]) -> None:
    pictures = [LocalPicture(str(number), Path()) for number in range(10)]
    assert [int(picture.name) for picture in spread(pictures, most)] == expected
