"""`magritte init`: a recipe for a character, written by asking."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from services.magritte import screen
from services.magritte.atomic_file import replacing
from services.magritte.pipeline import tag_counts
from shared.contract.errors import MagritteError, RecipeError
from shared.contract.preview import TagCount
from shared.recipe.danbooru import Danbooru, DanbooruSource
from shared.recipe.file import read_recipe

_HOW_IT_GOES_ON = """\
{path} is written. What next:
    magritte sources preview {path}    how many posts there are, and what would become of them; fetches nothing
    magritte run {path}
`magritte recipe example` shows all that a recipe can say."""
_DANBOORU = Danbooru.model_fields["address"].default


def init(
    name: Annotated[str, typer.Argument(help="The character's name, in lower-case letters, digits and hyphens.")],
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="The character's tag on Danbooru; at most twice.")
    ] = None,
    pixiv: Annotated[str, typer.Option("--pixiv", help="A tag or word to search for on Pixiv.")] = "",
    bookmarks: Annotated[int, typer.Option("--bookmarks", min=0, help="Least number of bookmarks on Pixiv.")] = 0,
    folder: Annotated[Path | None, typer.Option("--folder", help="A folder of pictures that you have.")] = None,
    danbooru: Annotated[str, typer.Option("--danbooru", help="Address of the Danbooru.")] = _DANBOORU,
    to: Annotated[Path | None, typer.Option("--to", help="The file to write; default: NAME.yaml.")] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Ask no board whether it has the tags.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a recipe that is there.")] = False,
) -> None:
    """Write a recipe for a character. Without options for sources, ask for them.

    The tags are looked up on the board: one that it does not have would be a search that finds nothing.
    """
    path = to or Path(f"{name}.yaml")
    if path.exists() and not force:
        raise RecipeError(f"{path} is there already: give another --to, or --force to write over it")
    if not (tags or pixiv or folder):
        tags, pixiv, folder = _asked()
    sources = _sources(tags or [], danbooru, pixiv, bookmarks, folder)
    if not sources:
        raise RecipeError("a recipe needs a source: give --tag, --pixiv or --folder")
    if tags and not unchecked:
        _look_up(tags, danbooru)
    _write(path, {"name": name, "sources": sources})
    screen.say(_HOW_IT_GOES_ON.format(path=path))


def _asked() -> tuple[list[str], str, Path | None]:
    """Ask for the sources; an empty answer leaves one out. Raises `RecipeError` where nobody can answer."""
    if not sys.stdin.isatty():
        raise RecipeError("nobody can be asked here: give --tag, --pixiv or --folder")
    tags = typer.prompt("Tag on Danbooru, such as margot_(magritte); two with a space between", default="")
    pixiv = typer.prompt("Tag or word on Pixiv", default="")
    folder = typer.prompt("Folder of pictures that you have", default="")
    return tags.split(), pixiv.strip(), Path(folder) if folder else None


def _sources(tags: list[str], danbooru: str, pixiv: str, bookmarks: int, folder: Path | None) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = []
    if tags:
        sources.append({"danbooru": {"tags": tags} | ({} if danbooru == _DANBOORU else {"address": danbooru})})
    if pixiv:
        sources.append({"pixiv": {"word": pixiv} | ({"bookmarks": bookmarks} if bookmarks else {})})
    if folder:
        sources.append({"folder": str(folder.absolute())})
    return sources


def _look_up(tags: list[str], danbooru: str) -> None:
    """Say how many posts each tag has. Raises `RecipeError` for a tag that the board does not have."""
    section = DanbooruSource.model_validate({"danbooru": {"tags": tags, "address": danbooru}})
    try:
        found = list(tag_counts(section))
    except MagritteError as error:
        screen.remark(f"warning: the tags could not be looked up: {error}")
        return
    for tag in found:
        screen.say(f"{tag.name}: {tag.posts} posts")
    missing = [tag for tag in found if not tag.posts]
    if missing:
        raise RecipeError("\n".join(map(_missing, missing)))


def _missing(tag: TagCount) -> str:
    similar = ", ".join(f"{name} ({posts})" for name, posts in tag.similar.items())
    hint = f"It has {similar}" if similar else "Look it up there"
    return f"the board has no posts with the tag {tag.name}. {hint}; --unchecked writes the recipe all the same"


def _write(path: Path, recipe: dict[str, Any]) -> None:
    """Write a recipe that can be read. Raises `RecipeError` if it could not, and leaves what was there."""
    with replacing(path) as temporary:
        temporary.write_text(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True), encoding="utf-8")
        try:
            read_recipe(temporary)
        except RecipeError as error:
            raise RecipeError(str(error).replace(str(temporary), str(path))) from error
