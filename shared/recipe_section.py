"""What all parts of a recipe have in common."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationInfo


class Section(BaseModel):
    """Base of all parts of a recipe: frozen, and a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def present(path: Path, info: ValidationInfo, kind: Literal["file", "folder"] = "file") -> Path:
    """`path`, absolute; checked when the recipe is read from a file (the context then holds its folder)."""
    if info.context is None:
        return path
    absolute = Path(info.context["folder"], os.path.expanduser(path)).absolute()  # noqa: PTH111 (no error for ~nobody)
    if not (absolute.is_file() if kind == "file" else absolute.is_dir()):
        raise ValueError(f"there is no {kind} {absolute}")
    return absolute
