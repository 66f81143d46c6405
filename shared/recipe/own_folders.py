"""Folders that Magritte writes into: what lies there is no source of pictures."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RESULTS, DRAWN, SHEETS, REVIEWS, EXPORTS = map(Path, ("results", "drawn", "sheets", "reviews", "exports"))
"""Where `magritte fetch`, `draw`, `sheet`, `review export` and `export` write by default, below the current folder."""

_OWN = "move the pictures into a folder of their own"


@dataclass(frozen=True)
class OwnFolder:
    """A folder that Magritte writes into: what it is called, where it is, and how to have it elsewhere."""

    name: str
    path: Path
    elsewhere: str


def store_folder(path: Path) -> OwnFolder:
    """Return the store's folder, which need not exist yet."""
    return OwnFolder("the store", path, "set MAGRITTE_STORE=folder:PATH to a folder outside it")


def output_folder(command: str, option: str, path: Path) -> OwnFolder:
    """Return the folder that a command writes into unless `option` names another."""
    return OwnFolder(f"what `magritte {command}` writes", path, f"move that away and give `{option}` another folder")


def check_apart(source: Path, own: Iterable[OwnFolder]) -> None:
    """Raise ValueError if the source is, holds or lies in a folder of ours; links are resolved.

    Such a source would grow with each run by the crops and drawings of the one before.
    """
    for each in own:
        relation = _relation(_resolved(source), _resolved(each.path))
        if relation:
            raise ValueError(
                f"{source} {relation} {each.name}, {each.path}, whose pictures would be taken for new ones: "
                f"{_OWN}, or {each.elsewhere}"
            )


def holds(source: Path, folder: Path) -> bool:
    """Say whether a folder is a source or lies in it, so that what is written there is found in the source."""
    return _relation(_resolved(source), _resolved(folder)) in ("is", "holds")


def _relation(source: Path, own: Path) -> str:
    """Say how two resolved folders lie to each other; empty if neither is in the other."""
    if source == own:
        return "is"
    if source in own.parents:
        return "holds"
    return "lies in" if own in source.parents else ""


def _resolved(path: Path) -> Path:
    """Return the path without links; what does not exist yet stays as it is written."""
    return Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for links that lead to each other
