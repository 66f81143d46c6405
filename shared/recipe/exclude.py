"""Artists and works that nothing is taken of, whatever source lists them."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationInfo, field_validator

from shared.recipe.section import Section, present

_WORK = re.compile(r"[a-z0-9.-]+:\d+|https?://[^/\s]+/\S+", re.IGNORECASE)


class Exclude(Section):
    """Artists and works whose pictures are left out: of people who do not want them to be used, for instance.

    In place of the two lists, the path of a YAML file that has them, so that several recipes can share it.
    """

    artists: tuple[str, ...] = Field(
        (),
        description="artists, by name as the board has it (case does not matter) or by the address of their page",
    )
    works: tuple[str, ...] = Field(
        (), description="posts, by board and number such as danbooru:123456 or pixiv:123456, or by address"
    )

    @field_validator("artists", "works", mode="before")
    @classmethod
    def _is_a_list(cls, names: Any) -> Any:
        if isinstance(names, str):
            raise ValueError(f"write a list, even of one: [{names!r}]")
        return names

    @field_validator("artists")
    @classmethod
    def _are_named(cls, artists: tuple[str, ...]) -> tuple[str, ...]:
        if not all(artist.strip() for artist in artists):
            raise ValueError("a name is empty")
        return artists

    @field_validator("works")
    @classmethod
    def _can_be_told(cls, works: tuple[str, ...]) -> tuple[str, ...]:
        for work in works:
            if not _WORK.fullmatch(work.strip()):
                raise ValueError(
                    f"{work[:80]!r} names no work: write the board and the number, danbooru:123456 or pixiv:123456, or "
                    "the address of its page"
                )
        return works


def read_exclude(value: Any, info: ValidationInfo) -> Any:
    """Return the lists in the file that a recipe names; lists as they are. Raises `ValueError`."""
    if not isinstance(value, str | Path):
        return value
    path = present(Path(value), info)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ValueError(f"{path} should have the two lists `artists` and `works`")
    return content
