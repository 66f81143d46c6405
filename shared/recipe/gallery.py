"""The section of a source that is an address of any board that the separate program gallery-dl can list."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from shared.recipe.board import SEVERAL, not_before_since
from shared.recipe.section import Section

_LONGEST_ADDRESS = 2000
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


def _address(address: str) -> str:
    """Return an address that may be given to a program; raises `ValueError` for any other text."""
    if len(address) > _LONGEST_ADDRESS or _UNSEEN.search(address) or not address.startswith(("http://", "https://")):
        raise ValueError("write an address that begins with https:// and has no spaces, as a browser shows it")
    try:
        parts = urlsplit(address)
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise ValueError("this address has no host that can be asked")
    if "@" in parts.netloc:
        raise ValueError("no login belongs into an address; boards are asked as a visitor")
    return address


class Audience(StrEnum):
    """Audiences that a recipe may ask for, whatever a board calls them; what is for adults is never taken."""

    GENERAL = "general"
    SENSITIVE = "sensitive"


class Software(StrEnum):
    """Software of boards that anybody can run, by the names that gallery-dl has for it."""

    DANBOORU = "Danbooru"
    E621 = "E621"
    MOEBOORU = "moebooru"
    GELBOORU_01 = "gelbooru_v01"
    GELBOORU_02 = "gelbooru_v02"
    PHILOMENA = "philomena"
    SHIMMIE = "shimmie2"
    SZURUBOORU = "szurubooru"


class Gallery(Section):
    """A page of any board that the separate program gallery-dl can list."""

    address: Annotated[str, AfterValidator(_address)] = Field(
        examples=["https://safebooru.org/index.php?page=post&s=list&tags=margot"],
        description="address of a search, or a gallery",
    )
    software: Software | None = Field(
        None,
        description=f"{', '.join(Software)}: what a board of its own runs on; unset: one that gallery-dl knows by name",
    )
    ratings: Annotated[tuple[Audience, ...], SEVERAL] = Field(
        (Audience.GENERAL,),
        description="general, sensitive or both, whatever the board calls them; what is for adults is never taken",
    )
    unrated: bool = Field(False, description="true: take also posts whose rating the board does not say")
    exclude: Annotated[tuple[str, ...], SEVERAL] = Field(
        (), description="tags and names of artists that a post must not have, as the board writes them"
    )
    score: int | None = Field(None, description="least score; unset: any")
    favourites: int | None = Field(None, ge=0, description="least number of favourites; unset: any")
    smallest: int | None = Field(
        None, ge=1, description="pixels of the shorter side that a file must have to be fetched; unset: any"
    )
    since: date | None = Field(None, description="first day of posting, in UTC, such as 2019-01-01; unset: any")
    until: date | None = Field(None, description="last day of posting, in UTC, to its end; unset: any")
    limit: int | None = Field(None, ge=1, description="number of files to take, of those that nothing speaks against")
    pause: float = Field(
        1.0,
        ge=0,
        le=60,
        description="0 to 60 seconds between two requests to the same host; on the public internet 1 or more",
    )
    score_of_copies: int = Field(
        0, description="of equally good copies of a picture that of the source with the higher score is kept"
    )

    @field_validator("ratings")
    @classmethod
    def _some(cls, ratings: tuple[Audience, ...]) -> tuple[Audience, ...]:
        if not ratings:
            raise ValueError("name at least one")
        return ratings

    _dates = field_validator("until")(not_before_since)


class GallerySource(Section):
    """Posts of any board that gallery-dl knows, by the address of a page."""

    gallery: Gallery

    @field_validator("gallery", mode="before")
    @classmethod
    def _address_alone(cls, section: Any) -> Any:
        return {"address": section} if isinstance(section, str) else section
