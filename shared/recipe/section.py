"""The base class of all sections of a recipe."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

_LARGEST = 10**15
"""Exact in JSON, and still finite after any multiplication that a run does."""


StoredFile = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
"""A file in the store, in the place of a path: what a submitted recipe names (`shared.recipe.files`)."""


class Section(BaseModel):
    """Base of all parts of a recipe: frozen, a misspelt field is an error, and so is a number that is not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _is_not_huge(cls, value: Any) -> Any:
        if isinstance(value, int | float) and abs(value) > _LARGEST:
            raise ValueError(f"should be a number between {-_LARGEST:.0e} and {_LARGEST:.0e}")
        return value


def present(path: Path, info: ValidationInfo, kind: Literal["file", "folder"] = "file") -> Path:
    """Return `path`, absolute; checked when the recipe is read from a file (the context then holds its folder)."""
    if info.context is None:
        return path
    absolute = _direct(Path(info.context["folder"], os.path.expanduser(path)).absolute())  # noqa: PTH111 (for ~nobody)
    if not _looked_at(absolute, Path.is_file if kind == "file" else Path.is_dir):
        raise ValueError(f"there is no {kind} {absolute}")
    return absolute


def _direct(path: Path) -> Path:
    """Return a path without `..`, so that one file has one name from wherever a recipe is read; as it is where links
    would make that another file."""
    direct = Path(os.path.normpath(path))
    return direct if os.path.realpath(direct) == os.path.realpath(path) else path


def _looked_at(path: Path, is_there: Callable[[Path], bool]) -> bool:
    try:
        return is_there(path)
    except PermissionError as error:
        raise ValueError(
            f"{path} cannot be looked at: {error.strerror}. Give this user the right to enter the folders above it"
        ) from error
    except OSError as error:
        shown = path if len(str(path)) <= 200 else f"{str(path)[:100]}..."
        raise ValueError(f"{shown} cannot be looked at: {error.strerror}. Write another path") from error
