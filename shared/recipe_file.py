"""Reads a recipe from YAML, with errors that name the file, the line, the field and what is allowed there."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.errors import RecipeError
from shared.recipe import Recipe


def read_recipe(path: Path) -> Recipe:
    """The recipe in the file at `path`; relative paths in it start at the file's folder. Raises `RecipeError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from error
    root = _nodes(path, text)
    try:
        return Recipe.model_validate(yaml.safe_load(text), context={"folder": path.absolute().parent})
    except ValidationError as error:
        problems = [_explain(path, root, problem) for problem in error.errors()]
        raise RecipeError("\n".join(problems)) from error


def _nodes(path: Path, text: str) -> yaml.Node:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise RecipeError(f"{path}: not YAML: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise RecipeError(
            f"{path}: a recipe is a list of fields, such as\nname: margot\nsources:\n  - folder: ./pictures"
        )
    _refuse_repeated_fields(path, root)
    return root


def _refuse_repeated_fields(path: Path, node: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_fields(path, item)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise RecipeError(f"{path}:{key.start_mark.line + 1}: {key.value}: is there twice")
        seen.add(key.value)
        _refuse_repeated_fields(path, value)


def _explain(path: Path, root: yaml.Node, problem: ErrorDetails) -> str:
    line, field = _locate(root, problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "no such field; " + _allowed_beside(problem["loc"])
    elif problem["type"] != "missing" and not isinstance(problem["input"], (dict, list)):
        message += f" (not {problem['input']!r})"
    return f"{path}:{line}: {field}: {message}"


def _locate(node: yaml.Node, location: tuple[int | str, ...]) -> tuple[int, str]:
    """Line (from 1) and dotted name of the deepest part of `location` that the file has.

    Parts that name alternatives inside pydantic (the kind of a source) have no node and are passed over.
    """
    line, names = node.start_mark.line + 1, []
    for part in location:
        found = _child(node, part)
        if found is not None:
            key, node = found
            line = key.start_mark.line + 1
        elif part != location[-1]:
            continue
        names.append(f"[{part}]" if isinstance(part, int) else f".{part}")
    return line, "".join(names).lstrip(".") or "recipe"


def _child(node: yaml.Node, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        return node.value[part], node.value[part]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    return None


def _allowed_beside(location: tuple[int | str, ...]) -> str:
    model: Any = Recipe
    for part in location[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field is not None else model
    fields = getattr(model, "model_fields", None)
    return f"allowed are {', '.join(fields)}" if fields else "see `magritte recipe example`"
