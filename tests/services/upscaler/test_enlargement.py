from pathlib import Path

import pytest

from services.upscaler.enlargement import factor
from shared.recipe.normalized import Normalized
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource
from shared.recipe.upscaling import Upscaling


def recipe(size: int, enabled: bool = True) -> Recipe:
    return Recipe(
        name="margot",
        sources=(FolderSource(folder=Path("pictures")),),
        normalized=Normalized.model_validate({"size": size}),
        upscaling=Upscaling(enabled=enabled),
    )


@pytest.mark.parametrize(
    ("side", "expected"), [(2000, 1), (513, 1), (512, 1), (511, 2), (256, 2), (255, 4), (128, 4), (127, 8), (48, 16)]
)
def test_a_crop_is_doubled_as_often_as_needed_and_no_oftener(side: int, expected: int) -> None:
    assert factor(side, recipe(512)) == expected


def test_smaller_pictures_need_less() -> None:
    assert factor(100, recipe(64)) == 1


def test_nothing_is_enlarged_when_the_recipe_forbids_it() -> None:
    assert factor(20, recipe(512, enabled=False)) == 1
