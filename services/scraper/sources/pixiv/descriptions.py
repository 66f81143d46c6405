"""Descriptions of works in JSON, as Pixiv's app and its web pages have them, and what is read from either. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter

MOST_PAGES = 1000
_PLACEHOLDERS = "/common/images/limit_"
_WEB_KINDS = ("illust", "manga", "ugoira")


@dataclass(frozen=True)
class Picture:
    """A page of a work: addresses of its original and of a small rendition, and its size; empty and 0 if not said."""

    original: str = ""
    width: int = 0
    height: int = 0
    thumbnail: str = ""


@dataclass(frozen=True)
class Work:
    """A work, whichever side of Pixiv has described it; None is what has not been said of it."""

    number: int
    kind: str
    title: str
    artist: int
    artist_name: str
    tags: tuple[str, ...]
    translated_tags: tuple[str, ...]
    restriction: int
    ai_type: int
    bookmarks: int | None
    views: int | None
    created: datetime | None
    pages: tuple[Picture, ...]


class _User(BaseModel):
    id: int = 0
    name: str = ""


class _Tag(BaseModel):
    name: str
    translated_name: str | None = None


class _AppAddresses(BaseModel):
    original: str | None = None
    medium: str = ""


class _WebAddresses(BaseModel):
    original: str | None = None
    small: str | None = None


class _Page(BaseModel):
    image_urls: _AppAddresses


class _SinglePage(BaseModel):
    original_image_url: str | None = None


class _AppWork(BaseModel):
    id: int
    type: str
    title: str = ""
    user: _User = _User()
    tags: tuple[_Tag, ...] = ()
    x_restrict: int
    illust_ai_type: int = 0
    total_bookmarks: int | None = None
    total_view: int | None = None
    create_date: AwareDatetime | None = None
    page_count: int = Field(1, ge=1, le=MOST_PAGES)
    width: int = 0
    height: int = 0
    image_urls: _AppAddresses = _AppAddresses()
    meta_single_page: _SinglePage = _SinglePage()
    meta_pages: tuple[_Page, ...] = ()


class _WebTag(BaseModel):
    tag: str
    translation: Mapping[str, str | None] = {}


class _WebTags(BaseModel):
    tags: tuple[_WebTag, ...] = ()


class _WebWork(BaseModel):
    id: int
    title: str = ""
    illustType: int = Field(ge=0, lt=len(_WEB_KINDS))  # noqa: N815
    userId: int = 0  # noqa: N815
    userName: str = ""  # noqa: N815
    tags: _WebTags = _WebTags()
    xRestrict: int  # noqa: N815
    aiType: int = 0  # noqa: N815
    bookmarkCount: int | None = None  # noqa: N815
    viewCount: int | None = None  # noqa: N815
    createDate: AwareDatetime | None = None  # noqa: N815
    pageCount: int = Field(1, ge=1, le=MOST_PAGES)  # noqa: N815
    width: int = 0
    height: int = 0
    urls: _WebAddresses = _WebAddresses()


class _WebPage(BaseModel):
    urls: _WebAddresses
    width: int = 0
    height: int = 0


_WEB_PAGES = TypeAdapter(tuple[_WebPage, ...])


def is_limited(row: Any) -> bool:
    """Say whether a work is shown to the app as a placeholder, with zeros in place of its numbers."""
    if not isinstance(row, dict):
        return False
    return row.get("visible") is False or _PLACEHOLDERS in str(row.get("meta_single_page"))


def work_of_app(row: Any) -> Work:
    """Return the work that the app describes. Raises `pydantic.ValidationError` for what is no description."""
    said = _AppWork.model_validate(row)
    single = Picture(said.meta_single_page.original_image_url or "", thumbnail=said.image_urls.medium)
    several = [Picture(page.image_urls.original or "", thumbnail=page.image_urls.medium) for page in said.meta_pages]
    pages = several or [single]
    pages += [Picture()] * (said.page_count - len(pages))
    pages[0] = replace(pages[0], width=said.width, height=said.height)
    return Work(
        number=said.id,
        kind=said.type,
        title=said.title,
        artist=said.user.id,
        artist_name=said.user.name,
        tags=tuple(tag.name for tag in said.tags),
        translated_tags=tuple(tag.translated_name for tag in said.tags if tag.translated_name),
        restriction=said.x_restrict,
        ai_type=said.illust_ai_type,
        bookmarks=said.total_bookmarks,
        views=said.total_view,
        created=said.create_date,
        pages=tuple(pages),
    )


def work_of_web(body: Any) -> Work:
    """Return the work that the web pages describe, with the original of its first page at most.

    Raises `pydantic.ValidationError` for what is no description.
    """
    said = _WebWork.model_validate(body)
    first = Picture(said.urls.original or "", said.width, said.height, said.urls.small or "")
    return Work(
        number=said.id,
        kind=_WEB_KINDS[said.illustType],
        title=said.title,
        artist=said.userId,
        artist_name=said.userName,
        tags=tuple(tag.tag for tag in said.tags.tags),
        translated_tags=tuple(name for tag in said.tags.tags if (name := tag.translation.get("en"))),
        restriction=said.xRestrict,
        ai_type=said.aiType,
        bookmarks=said.bookmarkCount,
        views=said.viewCount,
        created=said.createDate,
        pages=(first,) + (Picture(),) * (said.pageCount - 1),
    )


def with_web_pages(work: Work, body: Any) -> Work:
    """Return a work with the pages that the web shows. Raises `pydantic.ValidationError` for what are no pages."""
    pages = [
        Picture(page.urls.original or "", page.width, page.height, page.urls.small or "")
        for page in _WEB_PAGES.validate_python(body)
    ]
    return replace(work, pages=tuple(pages) + work.pages[len(pages) :])
