"""Posts as gallery-dl describes them. Pure."""

import hashlib
import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from services.scraper.sources.gallery.fields import (
    ADULT,
    AUDIENCES,
    BANNED,
    DELETED,
    KINDS,
    WARNINGS,
    Family,
    family_of,
    values_of,
)
from shared.contract.post import Artist, PixivPage, Post, pixiv_page
from shared.contract.reasons import Drop, Reason
from shared.recipe.gallery import Audience, Gallery

Row = Mapping[str, Any]
"""What gallery-dl says of a file, with its address as `_url`."""

_MOVING = {"mp4", "m4v", "mov", "webm", "mkv", "ogv", "flv", "avi", "wmv", "zip", "swf", "ugoira", "mp3", "m4a", "ogg"}
_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_WORDS_OF_TAGS = {"safe", "suggestive", "questionable", "explicit", "semi-grimdark", "grimdark", "grotesque"}
_FOR_ADULTS = "for adults"


class Posts:
    """Makes posts of what gallery-dl says of the files of one page."""

    def __init__(self, wanted: Gallery) -> None:
        self._wanted = wanted
        parts = urlsplit(wanted.address)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._board = parts.netloc.lower().removeprefix("www.")

    def family(self, row: Row) -> Family:
        """Return the family of the board that a file is of."""
        return family_of(self._wanted.software or str(row.get("category", "")))

    def post(self, row: Row) -> Post:
        """Return what the board says of a file."""
        family = self.family(row)
        number, page = _number(row, family), _whole(row, family, "page") or 0
        is_pixiv = row.get("category") == "pixiv"
        source = _text(row, family, "source")
        return Post(
            board="pixiv" if is_pixiv else self._board,
            number=number,
            page=page if is_pixiv else max(0, page - 1),
            address=self.address(row),
            title=_text(row, family, "title"),
            artists=tuple(Artist(name=name) for name in _artists(row, family)),
            tags=tags(row),
            rating=rating(row, family),
            score=_whole(row, family, "score"),
            favourites=_whole(row, family, "favourites"),
            views=_whole(row, family, "views"),
            created=_created(row, family),
            width=_whole(row, family, "width") or 0,
            height=_whole(row, family, "height") or 0,
            bytes=_whole(row, family, "bytes"),
            md5=_md5(row, family),
            thumbnail=_text(row, family, "thumbnail"),
            source=source,
            pixiv=PixivPage(work=number, number=page) if is_pixiv else pixiv_page(source, _work(row)),
        )

    def address(self, row: Row) -> str:
        """Return the page that a person looks at; that of the listing where it is not known."""
        family = self.family(row)
        told = _text(row, family, "address")
        if told.startswith(("http://", "https://")):
            return told
        name = next(values_of(row, family.names("number")), None)
        return f"{self._root}{family.page.format(name)}" if family.page and name is not None else self._wanted.address

    def origin(self, row: Row) -> str:
        """Return the name of a file within the listing: the post's, and where it has several files, the file's."""
        family = self.family(row)
        name = next(values_of(row, family.names("number")), None)
        file = urlsplit(str(row.get("_url", ""))).path.rpartition("/")[2]
        if name is None:
            return str(row.get("_url", ""))
        number = next(values_of(row, family.names("page")), None)
        if number is not None:
            return f"{name}_{number}"
        return str(name) if family.one_file else f"{name} {file}"

    def refused(self, row: Row, post: Post) -> Drop | None:
        """Return why nothing may be fetched of a file, whatever a recipe's numbers are."""
        if any(flags_of(row, BANNED)):
            return Drop(Reason.BANNED, "the board hides it by the wish of its artist, or as a paid work")
        if any(flags_of(row, DELETED)) or row.get("status") == "deleted":
            return Drop(Reason.DELETED, "the board's moderators have deleted it")
        place, extension = str(row.get("_url", "")), str(row.get("extension", "")).lower()
        if not place.startswith(("http://", "https://")) or extension in _MOVING:
            return Drop(Reason.NOT_A_STILL_PICTURE, f"a file of the kind {(extension or place[:20])!r}")
        return self._wrong_rating(row, post.rating)

    def _wrong_rating(self, row: Row, word: str) -> Drop | None:
        """Return a drop for whom the board says a post is for, and where it does not say that at all."""
        wanted = " or ".join(self._wanted.ratings)
        if not word:
            return None if self._wanted.unrated else Drop(Reason.WRONG_RATING, f"not rated, {wanted} is wanted")
        if audience(word, self.family(row)) in self._wanted.ratings:
            return None
        return Drop(Reason.WRONG_RATING, f"rated {word[:40]}, {wanted} is wanted")


def rating(row: Row, family: Family) -> str:
    """Return the board's own word for whom a post is for; empty where it says nothing."""
    if any(flags_of(row, ADULT)) or any(flags_of(row, WARNINGS)):
        return _FOR_ADULTS
    if family.rated_by_tags:
        return " and ".join(sorted(_WORDS_OF_TAGS & {tag for names in tags(row).values() for tag in names}))
    word = _text(row, family, "rating")
    if word in ("", "?"):
        return f"not {_FOR_ADULTS}" if any(True for _ in values_of(row, ADULT)) else ""
    return word


def audience(word: str, family: Family) -> Audience | None:
    """Return the audience that a board's word means; None for adults, and for a word that nobody knows."""
    name = word.lower()
    return family.audiences.get(name) or AUDIENCES.get(name)


def tags(row: Row) -> dict[str, tuple[str, ...]]:
    """Return tags by kind, all as general ones where the board has no kinds; kinds without any are left out."""
    kinds = {kind: _words(row.get(f"tags_{kind}")) for kind in KINDS}
    if not any(kinds.values()):
        kinds = {"general": _words(row.get("tags"))}
    return {kind: names for kind, names in kinds.items() if names}


def flags_of(row: Row, names: tuple[str, ...]) -> list[bool]:
    """Return of the fields that say something whether that is yes."""
    return [bool(value) and str(value).lower() not in ("false", "no", "0") for value in values_of(row, names)]


def _words(value: Any) -> tuple[str, ...]:
    """Return tags that are a text, a list of texts, a list of tags with names, or a mapping of lists."""
    if isinstance(value, str):
        parts = value.split(", ") if ", " in value else value.split()
        return tuple(dict.fromkeys(html.unescape(part) for part in parts))
    if isinstance(value, Mapping):
        return tuple(word for several in value.values() for word in _words(several))
    if isinstance(value, list):
        return tuple(dict.fromkeys(filter(None, map(_name, value))))
    return ()


def _name(value: Any) -> str:
    """Return the name of a tag or a person."""
    if isinstance(value, Mapping):
        names = value.get("names")
        return _name(names[0] if isinstance(names, list) and names else value.get("name") or value.get("tag") or "")
    return str(value) if isinstance(value, str | int) else ""


def _artists(row: Row, family: Family) -> tuple[str, ...]:
    named = tuple(word.removeprefix("artist:") for word in _words(row.get("tags")) if word.startswith("artist:"))
    if named:
        return named
    value = next(values_of(row, family.names("artists")), None)
    if isinstance(value, str):
        return _words(value) if "tags_artist" in row else (value,)
    return _words(value) if isinstance(value, list) else tuple(filter(None, (_name(value),)))


def _number(row: Row, family: Family) -> int:
    """Return the number of a post; of a name that is none, a number that is made of it."""
    name = str(next(values_of(row, family.names("number")), row.get("_url", "")))
    if name.isascii() and name.isdigit() and len(name) < 20:
        return int(name)
    return int(hashlib.sha256(name.encode()).hexdigest()[:12], 16)


def _whole(row: Row, family: Family, name: str) -> int | None:
    for value in values_of(row, family.names(name)):
        try:
            return int(value)
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _text(row: Row, family: Family, name: str) -> str:
    for value in values_of(row, family.names(name)):
        if isinstance(value, list):
            value = value[0]
        if isinstance(value, str | int | float):
            return str(value)
    return ""


def _md5(row: Row, family: Family) -> str | None:
    found = _text(row, family, "md5")
    return found.lower() if _MD5.fullmatch(found) else None


def _created(row: Row, family: Family) -> datetime | None:
    """Return when a post was made: gallery-dl says it in UTC."""
    try:
        return datetime.fromisoformat(_text(row, family, "created")).replace(tzinfo=UTC)
    except ValueError:
        return None


def _work(row: Row) -> int | None:
    number = row.get("pixiv_id")
    return number if isinstance(number, int) else None
