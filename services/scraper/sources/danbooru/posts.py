"""Posts as a Danbooru's API describes them. Pure."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from pydantic import BaseModel, ConfigDict

from shared.contract.post import Artist, Post, pixiv_page
from shared.contract.reasons import Drop, Reason

_TAKEN_DOWN = 4
_MOVING = {"mp4", "webm", "zip", "swf"}


class Row(BaseModel):
    """A post in an answer. Hidden ones have neither address nor MD5 of their file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    created_at: datetime | None = None
    updated_at: datetime | None = None
    score: int | None = None
    fav_count: int | None = None
    rating: str | None = None
    source: str | None = None
    md5: str | None = None
    image_width: int | None = None
    image_height: int | None = None
    file_ext: str | None = None
    file_size: int | None = None
    file_url: str | None = None
    preview_file_url: str | None = None
    pixiv_id: int | None = None
    is_banned: bool = False
    is_deleted: bool = False
    bit_flags: int = 0
    tag_string_artist: str = ""
    tag_string_character: str = ""
    tag_string_copyright: str = ""
    tag_string_general: str = ""
    tag_string_meta: str = ""

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """Tags by kind; kinds without any are left out."""
        texts = {
            "artist": self.tag_string_artist,
            "character": self.tag_string_character,
            "copyright": self.tag_string_copyright,
            "general": self.tag_string_general,
            "meta": self.tag_string_meta,
        }
        return {kind: tuple(text.split()) for kind, text in texts.items() if text.strip()}


FIELDS = ",".join(Row.model_fields)
"""What a board is asked to say of a post: without `is_banned` and `bit_flags` a hidden one would be its id alone."""


def identified(row: Any) -> int | None:
    """Return the id of a row of an answer; None for something else than a post."""
    number = row.get("id") if isinstance(row, dict) else None
    return number if type(number) is int and number >= 0 else None


def post_of(row: Row, address: str) -> Post:
    """Return what a board at `address` says of a post."""
    return Post(
        board=urlsplit(address).netloc,
        number=row.id,
        address=f"{address}/posts/{row.id}",
        artists=tuple(_artist(name, address) for name in row.tags.get("artist", ())),
        tags=row.tags,
        rating=row.rating or "",
        score=row.score,
        favourites=row.fav_count,
        created=row.created_at,
        updated=row.updated_at,
        width=row.image_width or 0,
        height=row.image_height or 0,
        bytes=row.file_size,
        md5=row.md5,
        thumbnail=_absolute(row.preview_file_url, address),
        source=row.source or "",
        pixiv=pixiv_page(row.source or "", row.pixiv_id),
    )


def place_of(row: Row, address: str) -> str:
    """Return the address of the original file, never that of a sample; empty for a hidden post."""
    return _absolute(row.file_url, address)


def refused(row: Row, wants_deleted: bool) -> Drop | None:
    """Return why nothing can or may be fetched of a post, whatever a recipe's numbers are."""
    if row.is_banned:
        return Drop(Reason.BANNED, "the board hides it by the wish of its artist, or as a paid work")
    if row.bit_flags & _TAKEN_DOWN:
        return Drop(Reason.TAKEN_DOWN, "the board has taken it down, as the owner of its rights asked for")
    if not row.file_url:
        return Drop(
            Reason.RESTRICTED, "the board shows its file to some accounts only, for a tag of it or in safe mode"
        )
    if row.is_deleted and not wants_deleted:
        return Drop(Reason.DELETED, "the board's moderators have deleted it")
    if row.file_ext in _MOVING or "animated" in row.tag_string_meta.split() + row.tag_string_general.split():
        return Drop(Reason.NOT_A_STILL_PICTURE, f"a .{row.file_ext} file, which moves")
    return None


def _absolute(address: str | None, board: str) -> str:
    return urljoin(f"{board}/", address) if address else ""


def _artist(name: str, address: str) -> Artist:
    return Artist(name=name, address=f"{address}/artists/show_or_new?{urlencode({'name': name})}")
