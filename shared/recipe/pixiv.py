"""The section of a source that is a search on Pixiv."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from shared.recipe.board import SEVERAL, not_before_since
from shared.recipe.section import Section


def _web_address(address: str) -> str:
    """Return an address without the slash at its end; refuse what is no web server's."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("should be an address such as https://www.pixiv.net")
    if parts.query or parts.fragment:
        raise ValueError("should be an address without ? and #")
    return address.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]


class Match(StrEnum):
    """Parts of a work in which a word is looked for."""

    TAG = "tag"
    EXACT_TAG = "exact-tag"
    TITLE_AND_CAPTION = "title-and-caption"


class PixivAddresses(Section):
    """Pixiv's servers; others are for tests."""

    api: WebAddress = Field("https://app-api.pixiv.net", description="server of the app's API")
    sign_in: WebAddress = Field(
        "https://oauth.secure.pixiv.net", description="server that is sent the refresh token: name none but your own"
    )
    web: WebAddress = Field(
        "https://www.pixiv.net", description="server of the web pages, which show some works that the app does not"
    )
    pictures: WebAddress = Field("https://i.pximg.net", description="server of the pictures")


class Pixiv(Section):
    """Works of Pixiv for all ages that have a certain word; each page is a picture."""

    word: str = Field(
        min_length=1, max_length=200, examples=["margot"], description="a tag or word; of several, all must match"
    )
    match: Match = Field(
        Match.TAG,
        description="tag (a part of one is enough), exact-tag or title-and-caption: where to look for it",
    )
    exclude: Annotated[tuple[str, ...], SEVERAL] = Field(
        (), description="tags that a work must not have, as they are written on Pixiv"
    )
    bookmarks: int = Field(0, ge=0, description="least number of bookmarks; 5100 leaves only very popular works")
    views: int = Field(0, ge=0, description="least number of views")
    since: date | None = Field(None, description="first day of posting, in Japan, such as 2019-01-01; unset: any")
    until: date | None = Field(None, description="last day of posting, in Japan, to its end; unset: any")
    limit: int | None = Field(None, ge=1, description="number of works to take, the newest of those that match")
    ai: bool = Field(False, description="true: take also what was made by AI, as its artist says")
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
            "hours for which the answers to a search are remembered: another run asks for newer works alone, also with "
            "another number of bookmarks; 0: all works are listed again, and files that were replaced are found"
        ),
    )
    score_of_copies: int = Field(
        0, description="of equally good copies of a picture that of the source with the higher score is kept"
    )
    addresses: PixivAddresses = PixivAddresses()

    @field_validator("word")
    @classmethod
    def _says_something(cls, word: str) -> str:
        if not word.strip():
            raise ValueError("write a tag or word")
        return " ".join(word.split())

    _dates = field_validator("until")(not_before_since)


class PixivSource(Section):
    """Works of Pixiv, by a tag or word. Needs an account: `magritte login pixiv`."""

    pixiv: Pixiv

    @field_validator("pixiv", mode="before")
    @classmethod
    def _word_alone(cls, section: Any) -> Any:
        return {"word": section} if isinstance(section, str) else section
