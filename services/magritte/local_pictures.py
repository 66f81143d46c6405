"""Pictures on this machine that a recipe is tried out on: those of its folders, or those that a person names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.contract.errors import NotFound
from shared.recipe.recipe import Recipe
from shared.recipe.sources import FolderSource


@dataclass(frozen=True)
class LocalPicture:
    """A file, and its name: below its source's folder, or as a person has given it."""

    name: str
    path: Path


def local_pictures(recipe: Recipe, given: Sequence[Path]) -> list[LocalPicture]:
    """Return the pictures that are given, or else all files of the recipe's folders. Raises `NotFound` without any."""
    if given:
        return [LocalPicture(str(path), path) for path in given]
    folders = [source.folder for source in recipe.sources if isinstance(source, FolderSource)]
    found = [picture for folder in folders for picture in _inside(folder)]
    if not found:
        where = f"no file in {', '.join(map(str, folders))}" if folders else "no folder among the recipe's sources"
        raise NotFound(f"there is {where}: name pictures")
    return found


def spread(pictures: Sequence[LocalPicture], most: int) -> list[LocalPicture]:
    """Return at most `most` of the pictures, spread evenly over all."""
    count = min(most, len(pictures))
    return [pictures[number * len(pictures) // count] for number in range(count)]


def _inside(folder: Path) -> list[LocalPicture]:
    """List the files that the scraper would take of a folder: at any depth, but for names that begin with a dot."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = ((path.relative_to(folder), path) for path in paths)
    return [LocalPicture(str(name), path) for name, path in names if not any(p.startswith(".") for p in name.parts)]
