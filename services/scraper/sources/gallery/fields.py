"""What gallery-dl calls the things that a board says of a post: the one table of the names of fields.

A dot leads into a mapping. Of several names the first that says something counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.recipe.gallery import Audience

Names = tuple[str, ...]

USUAL: Mapping[str, Names] = {
    "number": ("id", "post_id", "tweet_id", "status_id"),
    "page": ("num",),
    "title": ("title",),
    "artists": (
        "tags_artist",
        "artist",
        "artists",
        "author.username",
        "author.name",
        "author",
        "user.name",
        "account.acct",
        "username",
    ),
    "address": ("post_url", "page_url"),
    "rating": ("rating", "safety", "maturity_rating", "rating_name"),
    "score": ("score",),
    "favourites": ("fav_count", "favorite_count", "favourites_count", "likes_count", "like_count", "likes"),
    "views": ("view_count", "views"),
    "created": ("date",),
    "width": ("width",),
    "height": ("height",),
    "bytes": (),
    "md5": (),
    "thumbnail": (),
    "source": ("source", "sources"),
}
"""Fields of a post, of any board. A `size` or `md5` that is not known to be that of the file is none."""

ADULT: Names = ("is_mature", "nsfw", "is_nsfw", "over_18", "adult", "hasAdultContent", "x_restrict")
"""Fields that say whether a post is for adults, or not."""

WARNINGS: Names = ("sensitive", "possibly_sensitive", "isSensitive")
"""Fields that say that somebody has marked a post; that nobody has says nothing."""

KINDS: Names = ("artist", "character", "copyright", "general", "meta", "series", "species", "studio", "medium", "genre")
"""Kinds of tags: fields such as `tags_artist`. Boards without kinds have `tags`, which are general."""

DELETED: Names = ("is_deleted", "flags.deleted")
BANNED: Names = ("is_banned",)

AUDIENCES: Mapping[str, Audience] = {
    "g": Audience.GENERAL,
    "general": Audience.GENERAL,
    "safe": Audience.GENERAL,
    "sfw": Audience.GENERAL,
    "everyone": Audience.GENERAL,
    "all ages": Audience.GENERAL,
    "not for adults": Audience.GENERAL,
    "s": Audience.SENSITIVE,
    "sensitive": Audience.SENSITIVE,
    "suggestive": Audience.SENSITIVE,
}
"""Words of boards for those whom a post is for; all others mean adults, or nobody knows what."""

_SAFE = {"s": Audience.GENERAL}


@dataclass(frozen=True)
class Family:
    """Boards that describe their posts in the same way.

    Attributes:
        fields: names that differ from the usual ones
        page: path of the page of a post, where no field has its address
        audiences: words for ratings that differ from the usual ones
        rated_by_tags: whether a tag says what the rating is
        one_file: whether a post is one file
    """

    fields: Mapping[str, Names] = field(default_factory=dict)
    page: str = ""
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    rated_by_tags: bool = False
    one_file: bool = True

    def names(self, name: str) -> Names:
        """Return the names of a field of a post."""
        return self.fields.get(name, USUAL[name])


UNKNOWN = Family(one_file=False)

_SIZED = {"md5": ("md5",), "bytes": ("file_size",), "thumbnail": ("preview_url",)}
_GELBOORU = Family({"md5": ("md5",), "thumbnail": ("preview_url",)}, "/index.php?page=post&s=view&id={}", _SAFE)
FAMILIES: Mapping[str, Family] = {
    "Danbooru": Family(
        {**_SIZED, "width": ("image_width",), "height": ("image_height",), "thumbnail": ("preview_file_url",)},
        "/posts/{}",
    ),
    "E621": Family(
        {
            "md5": ("file.md5",),
            "bytes": ("file.size",),
            "width": ("file.width",),
            "height": ("file.height",),
            "score": ("score.total",),
            "thumbnail": ("preview.url",),
        },
        "/posts/{}",
        _SAFE,
    ),
    "moebooru": Family(_SIZED, "/post/show/{}", _SAFE),
    "gelbooru": _GELBOORU,
    "gelbooru_v02": _GELBOORU,
    "gelbooru_v01": Family({}, _GELBOORU.page, _SAFE),  # its md5 is the name of the file, whatever that is
    "philomena": Family({"bytes": ("size",), "favourites": ("faves",)}, "/images/{}", rated_by_tags=True),
    "shimmie2": Family({"md5": ("md5",)}, "/post/view/{}"),
    "szurubooru": Family(
        {
            "md5": ("checksumMD5",),
            "bytes": ("fileSize",),
            "width": ("canvasWidth",),
            "height": ("canvasHeight",),
            "favourites": ("favoriteCount",),
        },
        "/post/{}",
    ),
    "sankaku": Family(_SIZED, "/posts/{}", _SAFE),
    "zerochan": Family({}, "/{}"),
    "pixiv": Family({"favourites": ("total_bookmarks",), "views": ("total_view",)}, "/artworks/{}", one_file=False),
    "deviantart": Family(
        {
            "number": ("index",),
            "address": ("url",),
            "favourites": ("stats.favourites",),
            "views": ("stats.views",),
        },
        one_file=False,
    ),
}

CATEGORIES: Mapping[str, str] = {
    **dict.fromkeys(("danbooru", "atfbooru", "aibooru", "booruvar"), "Danbooru"),
    **dict.fromkeys(("e621", "e926", "e6ai"), "E621"),
    **dict.fromkeys(("yandere", "konachan", "sakugabooru", "lolibooru"), "moebooru"),
    **dict.fromkeys(("rule34", "safebooru", "tbib", "hypnohub", "xbooru"), "gelbooru_v02"),
    **dict.fromkeys(("thecollection", "allgirlbooru", "drawfriends", "vidyart2"), "gelbooru_v01"),
    **dict.fromkeys(("derpibooru", "ponybooru", "furbooru"), "philomena"),
    **dict.fromkeys(("cavemanon", "vidyapics", "nozrip", "thecollectionS", "prequelfanart"), "shimmie2"),
    **dict.fromkeys(("snootbooru", "visuabusters", "ricardoadacor"), "szurubooru"),
}
"""Families of the boards that gallery-dl knows by a category of their own."""


def family_of(category: str) -> Family:
    """Return the family of a category, or of a software; one of unknown boards for others."""
    return FAMILIES.get(CATEGORIES.get(category, category), UNKNOWN)


def values_of(row: Mapping[str, Any], names: Names) -> Iterator[Any]:
    """Yield what the fields of these names say, those that say something."""
    for name in names:
        value: Any = row
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None and value != "" and value != []:
            yield value


def wanted_fields() -> list[str]:
    """Return the names of all fields that gallery-dl is to tell."""
    tables = [USUAL, *(family.fields for family in FAMILIES.values())]
    names = [name for table in tables for several in table.values() for name in several]
    names += [*ADULT, *WARNINGS, *DELETED, *BANNED, "tags", "status", "extension", "category", "pixiv_id"]
    names += [f"tags_{kind}" for kind in KINDS]
    return sorted({name.partition(".")[0] for name in names} | {"_url", "_http_headers"})
