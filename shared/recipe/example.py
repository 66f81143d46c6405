"""Writes a complete recipe with every field, its default and what it means, made from the recipe's own definition."""

import textwrap
from itertools import zip_longest
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from shared.recipe.danbooru import Danbooru
from shared.recipe.gallery import Gallery
from shared.recipe.pixiv import Pixiv
from shared.recipe.recipe import Recipe
from shared.recipe.section import Section

_COLUMN = 31
"""Characters of a setting before its comment begins."""
_WIDTH = 117
"""Characters of a line, without the " # " that begins its comment."""

_HEAD = """\
# A recipe of Magritte: `magritte run recipe.yaml` turns these pictures into a data set and a network.
# Only name and sources are needed; everything else shows its default.

name: margot                    # lower-case letters, digits and hyphens

sources:
  - folder: ./pictures          # all pictures in it, at any depth; relative to this file
  # - urls: ./addresses.txt     # http(s) addresses, one per line; or a list: ["https://...", ...]
  #   pause: 1.0                # seconds between two requests to one host
"""

_BOARDS: dict[str, type[Section]] = {"danbooru": Danbooru, "pixiv": Pixiv, "gallery": Gallery}
"""Sections of sources that are boards, by their names."""


def example() -> str:
    """Return the text of `recipe.example.yaml`."""
    sections = [_section(name, field.default, 0) for name, field in Recipe.model_fields.items() if field.default]
    return _HEAD + _boards() + "".join(f"\n{section}" for section in sections if section)


def _boards() -> str:
    """Return sources of boards with every field, as comments."""
    return "".join(map(_board, _BOARDS))


def _board(name: str) -> str:
    section = _BOARDS[name]
    return f"{f'  # - {name}:':<{_COLUMN}} # {_about(section)}\n" + _commented(section, "  #     ")


def _commented(section: type[Section], indent: str) -> str:
    """Return all fields of a section as comments: with their examples, or else their defaults."""
    lines = []
    for name, field in section.model_fields.items():
        value = field.examples[0] if field.examples else field.default
        if isinstance(value, Section):
            about = f"{f'{indent}{name}:':<{_COLUMN}} # {_about(type(value))}\n"
            lines += [about, _commented(type(value), f"{indent}  ")]
        else:
            lines.append(_line(name, value, field.description or "", indent))
    return "".join(lines)


def _section(name: str, section: Any, depth: int) -> str:
    if not isinstance(section, Section):
        return ""
    lines = [f"{'  ' * depth}{name}:{' ' * 4}# {_about(type(section))}\n"]
    for field_name, field in type(section).model_fields.items():
        value = getattr(section, field_name)
        lines.append(
            _section(field_name, value, depth + 1)
            if isinstance(value, BaseModel)
            else _line(field_name, value, field.description or "", "  " * (depth + 1))
        )
    return "".join(lines)


def _about(section: type[Section]) -> str:
    return (section.__doc__ or "").splitlines()[0]


def _line(name: str, value: Any, about: str, indent: str) -> str:
    text = yaml.safe_dump(to_jsonable_python(value), default_flow_style=True).removesuffix("\n...\n").strip()
    setting = f"{indent}{name}: {text}"
    lines = textwrap.wrap(
        about, _WIDTH - _COLUMN, break_on_hyphens=False, initial_indent=" " * max(0, len(setting) - _COLUMN)
    )
    beside = [
        f"{text:<{_COLUMN}} # {line.lstrip()}"
        for text, line in zip_longest([setting], lines, fillvalue=indent.rstrip())
    ]
    return "".join(f"{line}\n" for line in beside) if lines else f"{setting}\n"
