"""Reads a recipe from YAML, with errors that name the file, the line, the field and what is allowed there."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from shared.contract.environment import DanbooruEnvironment
from shared.contract.errors import RecipeError
from shared.recipe.own_folders import OwnFolder
from shared.recipe.recipe import Recipe
from shared.recipe.yaml_file import read_yaml

_NO_RECIPE = "a recipe is a list of fields, such as\nname: margot\nsources:\n  - folder: ./pictures"


def read_recipe(
    path: Path, own_folders: Sequence[OwnFolder] = (), danbooru: DanbooruEnvironment | None = None
) -> Recipe:
    """Return the recipe in the file at `path`; relative paths in it start at the file's folder.

    No source may be, hold or lie in one of our `own_folders`. Given the account at `danbooru`, or that there is none,
    a search may have no more tags than it lets one name. Raises `RecipeError`.
    """
    file = read_yaml(path, _NO_RECIPE)
    if file.root is None:
        raise RecipeError(f"{path}: {_NO_RECIPE}")
    context = {"folder": path.absolute().parent, "own_folders": own_folders, "danbooru": danbooru}
    try:
        return Recipe.model_validate(file.values, context=context)
    except ValidationError as error:
        raise file.explain(error, Recipe) from error
