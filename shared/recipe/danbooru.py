"""The section of a source that is a search on a Danbooru."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from shared.contract.environment import DanbooruEnvironment
from shared.recipe.board import SEVERAL, not_before_since
from shared.recipe.section import Section

_METATAGS = (
    "user|approver|commenter|comm|noter|noteupdater|artcomm|commentaryupdater|flagger|appealer|upvotes?|downvotes?|"
    "fav|ordfav|favgroup|ordfavgroup|reacted|pool|ordpool|note|comment|commentary|id|rating|locked|source|status|"
    "filetype|disapproved|parent|child|search|embedded|md5|pixelhash|width|height|mpixels|ratio|score|favcount|"
    "filesize|date|age|order|limit|tagcount|gentags|arttags|copytags|chartags|metatags|pixiv_id|pixiv|unaliased|exif|"
    r"duration|random|is|has|ai|\w+_count"
)
_CATEGORIES = "general|gen|artist|art|copyright|copy|co|character|char|ch|meta"
_COMPARED = r"\w+(?=:[<>]=?\d)"
_PREFIXED = re.compile(rf"({_METATAGS}|{_CATEGORIES}|{_COMPARED}):", re.IGNORECASE)
_RESERVED = {"and", "or", "not", "new", "search"}
_REFUSED_STARTS = "-~_`%(){}[]/"
_LONGEST_NAME = 170
_WORD = re.compile(r"[a-z0-9]{2}")


def _tag_name(text: str) -> str:
    """Return a tag's name as the board writes it. Raises `ValueError` for what a board cannot have as a name.

    A board finds nothing for a search that it cannot read, and does not say so.
    """
    name = text.lower()
    problem = _problem(name)
    if problem:
        raise ValueError(f"{text[:80]!r} is not the name of a tag: {problem}")
    return name


def _problem(name: str) -> str:
    if not name or len(name) > _LONGEST_NAME:
        return f"it should have 1 to {_LONGEST_NAME} characters"
    if any(character.isspace() for character in name):
        return f"names have no spaces, write {'_'.join(name.split())}"
    if not (name.isascii() and name.isprintable()):
        return "names are in ASCII, such as hatsune_miku"
    if found := _PREFIXED.match(name):
        return f"{found[0]} is part of a search, not of a name; use the other fields of this section"
    return _wrong_characters(name)


def _wrong_characters(name: str) -> str:
    if name[0] in _REFUSED_STARTS:
        return f"names do not begin with {name[0]}" + ("; list it in `exclude`" if name[0] == "-" else "")
    if found := re.search(r'[*,"]', name):
        return f"names do not contain {found[0]}"
    if name in _RESERVED or name.endswith("_") or "__" in name:
        return "a board does not take it as a name"
    if name.count("(") != name.count(")") and _WORD.search(name):  # an emoticon may have one
        return "its parentheses do not pair"
    return ""


TagName = Annotated[str, AfterValidator(_tag_name)]


class Rating(StrEnum):
    """Ratings of a Danbooru that a recipe may ask for; there are others, which are for adults."""

    GENERAL = "g"
    SENSITIVE = "s"


class Order(StrEnum):
    """Orders in which posts are taken."""

    NEWEST = "newest"
    SCORE = "score"
    FAVOURITES = "favourites"


VISITORS_TAGS = 2
"""Counted tags of a search that visitors and free accounts may make; how many others may is for the board to say."""


class Danbooru(Section):
    """Posts of a Danbooru that have certain tags."""

    tags: Annotated[tuple[TagName, ...], SEVERAL] = Field(
        examples=[["margot_(magritte)"]],
        description="names of tags that a post must have, all of them; a visitor may name 2, with another order 1",
    )
    exclude: Annotated[tuple[TagName, ...], SEVERAL] = Field(
        (), description="names of tags, also of artists, that a post must not have"
    )
    ratings: Annotated[tuple[Rating, ...], SEVERAL] = Field(
        (Rating.GENERAL,), description="g (general), s (sensitive) or both; others are never asked for"
    )
    score: int | None = Field(None, description="least score, which is votes for less votes against; unset: any")
    favourites: int | None = Field(None, ge=0, description="least number of favourites; unset: any")
    smallest: int | None = Field(
        None, ge=1, description="pixels of the shorter side that a file must have to be fetched; unset: any"
    )
    since: date | None = Field(None, description="first day of posting, in UTC, such as 2019-01-01; unset: any")
    until: date | None = Field(None, description="last day of posting, in UTC, to its end; unset: any")
    order: Order = Field(Order.NEWEST, description="newest, score or favourites: which posts come first")
    limit: int | None = Field(None, ge=1, description="number of posts to take, of those that nothing speaks against")
    deleted: bool = Field(False, description="true: take also what the board's moderators have deleted")
    address: str = Field("https://danbooru.donmai.us", description="where the Danbooru is")
    pause: float = Field(
        1.0,
        ge=0,
        le=60,
        description="0 to 60 seconds between two requests to the same host; on the public internet 1 or more",
    )
    remembered: float = Field(
        24.0,
        ge=0,
        le=8760,
        description=(
            "hours for which the answers to a search are remembered: another run asks for new and changed posts alone, "
            "also with another score or date. Of two tags it does not learn about changes. 0: all are listed again"
        ),
    )
    score_of_copies: int = Field(
        0, description="of equally good copies of a picture that of the source with the higher score is kept"
    )

    @field_validator("tags", "exclude", "ratings")
    @classmethod
    def _no_name_twice(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("name each of them once")
        return names

    @field_validator("tags", "ratings")  # and no min_length: pydantic would count only those that are fine
    @classmethod
    def _some(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not names:
            raise ValueError(
                "name at least one" + (", such as that of the character" if info.field_name == "tags" else "")
            )
        return names

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("write the address of the board's first page, such as https://danbooru.donmai.us")
        if "@" in parts.netloc:
            raise ValueError("no login belongs into an address: set MAGRITTE_DANBOORU_LOGIN, MAGRITTE_DANBOORU_API_KEY")
        return address.rstrip("/")

    _dates = field_validator("until")(not_before_since)

    @field_validator("exclude")
    @classmethod
    def _leaves_something(cls, exclude: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        both = set(exclude) & set(info.data.get("tags", ()))
        if both:
            raise ValueError(f"{min(both)} is in `tags` too: nothing can be found")
        return exclude

    @model_validator(mode="after")
    def _may_be_searched_for(self, info: ValidationInfo) -> "Danbooru":
        account: DanbooruEnvironment | None = (info.context or {}).get("danbooru")
        if account is not None and (problem := too_many_tags(self, bool(account.at(self.address).danbooru_login))):
            raise ValueError(problem)
        return self


def too_many_tags(wanted: Danbooru, has_login: bool) -> str:
    """Say that a search has more tags than a visitor may name; empty if it may be made. A single tag is always fine."""
    ordered = wanted.order is not Order.NEWEST
    if has_login or len(wanted.tags) + ordered <= VISITORS_TAGS:
        return ""
    order = f" and `order: {wanted.order}`, which counts as one" if ordered else ""
    return (
        f"a search of {len(wanted.tags)} tags{order}: without a login {wanted.address} takes {VISITORS_TAGS}. Name "
        "fewer tags (what is not wanted goes into `exclude`, which counts nothing), or set MAGRITTE_DANBOORU_LOGIN and "
        "MAGRITTE_DANBOORU_API_KEY to those of an account that may search for more (and MAGRITTE_DANBOORU_ADDRESS, if "
        "it is not of https://danbooru.donmai.us)"
    )


class DanbooruSource(Section):
    """Posts of a Danbooru, by tags."""

    danbooru: Danbooru

    @field_validator("danbooru", mode="before")
    @classmethod
    def _tags_alone(cls, section: Any) -> Any:
        return {"tags": section.split()} if isinstance(section, str) else section
