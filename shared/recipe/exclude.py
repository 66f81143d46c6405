"""Artists, works and tags that nothing is taken of, whatever source lists them."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo

from shared.contract.post import Post, comparable
from shared.contract.reasons import Drop, Reason
from shared.recipe.board import SEVERAL
from shared.recipe.section import Section, present
from shared.recipe.tags import excluded_tag
from shared.recipe.yaml_file import read_yaml

_WORK = re.compile(r"[a-z0-9.-]+:\d+|https?://[^/\s]+/\S+", re.IGNORECASE)


def _artist(name: str) -> str:
    if not name.strip():
        raise ValueError("a name is empty")
    return name


def _work(name: str) -> str:
    if not _WORK.fullmatch(name.strip()):
        raise ValueError(
            f"{name[:80]!r} names no work: write the board and the number, danbooru:123456 or pixiv:123456, or the "
            "address of its page"
        )
    return name


_Artist = Annotated[str, AfterValidator(_artist)]
_Work = Annotated[str, AfterValidator(_work)]


class Exclude(Section):
    """Artists, works and tags that nothing is taken of: of people who do not want it to be used, for instance.

    In place of the lists, the path of a YAML file that has them, so that several recipes can share it.
    """

    artists: Annotated[tuple[_Artist, ...], SEVERAL] = Field(
        (),
        description="artists, by name as the board has it (case does not matter) or by the address of their page",
    )
    works: Annotated[tuple[_Work, ...], SEVERAL] = Field(
        (), description="posts, by board and number such as danbooru:123456 or pixiv:123456, or by address"
    )
    tags: Annotated[tuple[str, ...], SEVERAL] = Field(
        (),
        description=(
            "tags that a picture must not have, by the word of its board or of `character.tagger`; case does not matter"
        ),
    )


class Exclusion:
    """Tells what is excluded of what is found somewhere."""

    def __init__(self, exclude: Exclude) -> None:
        self._artists = {comparable(artist) for artist in exclude.artists}
        self._works = {comparable(work) for work in exclude.works}
        self._tags = exclude.tags

    def of(self, post: Post | None, place: str, kind: str) -> Drop | None:
        """Return why nothing is taken of what a source of this kind has at `place`, None if it may be taken."""
        for artist in post.artists if post is not None else ():
            if not self._artists.isdisjoint((comparable(artist.name), comparable(artist.address))):
                return Drop(Reason.EXCLUDED_ARTIST, f"by {artist.name[:100]}, whom `exclude` names")
        if post is not None and (drop := excluded_tag(post.all_tags, self._tags)):
            return drop
        if not self._works:
            return None
        names = {comparable(place)} | (post.names | {f"{kind}:{post.number}"} if post is not None else set())
        found = names & self._works
        return Drop(Reason.EXCLUDED_WORK, f"{min(found)[:200]}, which `exclude` names") if found else None


def read_exclude(value: Any, info: ValidationInfo) -> Any:
    """Return the lists in the file that a recipe names; lists as they are.

    Raises `ValueError` where there is no such file, and `RecipeError` for one that has no such lists.
    """
    return exclude_of_file(present(Path(value), info)) if isinstance(value, str | Path) else value


def exclude_of_file(path: Path) -> Exclude:
    """Return the lists in the file at `path`. Raises `RecipeError`, which names its line and field."""
    file = read_yaml(path, "it should have the lists `artists`, `works` and `tags`, or one of them")
    try:
        return Exclude.model_validate(file.values or {})
    except ValidationError as error:
        raise file.explain(error, Exclude) from error
