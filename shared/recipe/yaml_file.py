"""Reads a YAML file in two ways at once: as values, and as nodes, by which errors name line and field."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.contract.errors import RecipeError
from shared.recipe.section import Section
from shared.recipe.sources import KINDS


class _Loader(yaml.SafeLoader):
    """Names the line of a value that looks like a number or a date and is none."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # 2024-13-01 looks like a date
            problem = str(error).partition(";")[0]  # what follows is advice to programmers
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


@dataclass(frozen=True)
class YamlFile:
    """A file of fields: its values, and the same as nodes, which know their lines. Without any, it has no `root`."""

    path: Path
    root: yaml.Node | None
    values: Any

    def explain(self, error: ValidationError, model: type[Section]) -> RecipeError:
        """Return the error of values that are none of `model`: a line per field that names it and what is allowed.

        Where it may be one thing or another, it says what is wrong with it as each.
        """
        by_field: dict[str, list[str]] = {}
        for problem in error.errors():
            line, field = _locate(self.root, problem)
            by_field.setdefault(f"{self.path}:{line}: {field}", []).append(_sentence(problem, model))
        return RecipeError("\n".join(f"{place}: {', or '.join(sentences)}" for place, sentences in by_field.items()))


def read_yaml(path: Path, what: str) -> YamlFile:
    """Return the fields in the file at `path`. Raises `RecipeError`: with the words `what` where it has none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read: {error}") from error
    root, values = _parsed(path, text)
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise RecipeError(f"{path}: {what}")
    for mapping in _mappings(root):
        _refuse_repeated_fields(path, mapping)
    return YamlFile(path, root, values)


def _parsed(path: Path, text: str) -> tuple[yaml.Node | None, Any]:
    """Return the same text as nodes and as values."""
    try:
        return yaml.compose(text, _Loader), yaml.load(text, _Loader)
    except RecursionError as error:
        raise RecipeError(f"{path}: lists or fields are nested too deep in each other") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else path
        raise RecipeError(f"{place}: not YAML: {getattr(error, 'problem', error)}") from error


def _mappings(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """Yield every mapping once, even where an alias stands for a part that it is in."""
    known, waiting = set(), [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if id(node) in known or isinstance(node, yaml.ScalarNode):
            continue
        known.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting += [value for _, value in node.value]
        else:
            waiting += node.value


def _refuse_repeated_fields(path: Path, mapping: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in mapping.value:
        if key.value in seen:
            raise RecipeError(f"{path}:{key.start_mark.line + 1}: {key.value}: is there twice")
        seen.add(key.value)


def _sentence(problem: ErrorDetails, model: type[Section]) -> str:
    if problem["type"] == "extra_forbidden":
        return "no such field; " + _allowed_beside(problem["loc"], model)
    if problem["type"] == "union_tag_not_found":
        return f"no such kind of source; allowed are {', '.join(KINDS)}"
    sentence = problem["msg"].removeprefix("Value error, ")
    if problem["type"] in ("missing", "value_error") or isinstance(problem["input"], (dict, list)):
        return sentence
    return f"{sentence} (not {_shown(problem['input'])})"


def _shown(value: Any) -> str:
    """Return the value as a recipe has it; of a very long one, the beginning or its size."""
    if isinstance(value, int) and value.bit_length() > 100:
        return f"a number of about {round(value.bit_length() * 0.30103)} digits"
    shown = repr(value)
    return shown if len(shown) <= 200 else f"{shown[:100]}..."


def _locate(root: yaml.Node | None, problem: ErrorDetails) -> tuple[int, str]:
    """Return line (from 1) and dotted name of the deepest part of the problem's location that the file has.

    Parts that name alternatives inside pydantic (the kind of a source) have no node and are passed over.
    """
    node, line, names = root, root.start_mark.line + 1 if root is not None else 1, []
    for part in problem["loc"]:
        found = _child(node, part)
        if found is not None:
            key, node = found
            line = key.start_mark.line + 1
            names.append(f"[{part}]" if isinstance(part, int) else f".{part}")
    if problem["type"] == "missing":
        names.append(f".{problem['loc'][-1]}")
    return line, "".join(names).lstrip(".") or "recipe"


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        return node.value[part], node.value[part]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    return None


def _allowed_beside(location: tuple[int | str, ...], whole: type[Section]) -> str:
    model: Any = whole
    sections: dict[Any, Any] = {section.__name__: section for section in Section.__subclasses__()}
    for part in location[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field is not None else sections.get(part, model)
    fields = getattr(model, "model_fields", None)
    return f"allowed are {', '.join(fields)}" if fields else "see `magritte recipe example`"
