"""`magritte recipe`: look at recipes without running them."""

from pathlib import Path
from typing import Annotated

import typer

from services.magritte import screen
from services.magritte.connection import own_folders
from services.magritte.models import say_what_a_cascade_adds
from services.magritte.pipeline import danbooru_account
from shared import gallery_dl
from shared.recipe.example import example as example_text
from shared.recipe.file import read_recipe

app = typer.Typer(help="Check a recipe, or write an example.", no_args_is_help=True)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole recipe with its defaults as JSON.")] = False,
) -> None:
    """Say whether a recipe can be used, and if not, in which line and field it is wrong (exit code 2)."""
    recipe = read_recipe(path, own_folders(path), danbooru_account())
    gallery_dl.check_installed(recipe.sources)
    if as_json:
        screen.say_json(recipe.model_dump(mode="json"))
    else:
        screen.say(f"{path}: {recipe.name}, fine")
        say_what_a_cascade_adds(recipe)


@app.command()
def example() -> None:
    """Print a complete recipe: every field with its default and its meaning."""
    screen.say(example_text().removesuffix("\n"))
