from pathlib import Path

import pytest

from shared.contract.errors import RecipeError
from shared.recipe.file import read_recipe
from shared.recipe.pruning import Worst


def recipe(folder: Path, text: str) -> Path:
    (folder / "pictures").mkdir()
    path = folder / "recipe.yaml"
    path.write_text("name: anya\nsources: [{folder: pictures}]\n" + text)
    return path


def test_dropping_the_worst_needs_two_rankings_of_a_training(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"compares two rankings of a training: name kimg in ranking.at_kimg"):
        read_recipe(recipe(tmp_path, "pruning: {worst: drop}\n"))


def test_dropping_the_worst_is_accepted_with_a_ranking_in_the_middle(tmp_path: Path) -> None:
    read = read_recipe(recipe(tmp_path, "pruning: {worst: drop}\nranking: {at_kimg: [10]}\n"))
    assert read.pruning.worst is Worst.DROP
