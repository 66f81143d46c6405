"""Answers of a board in the form of Danbooru's API."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from fnmatch import fnmatchcase
from math import sqrt
from typing import Any

from demo.board.messages import Answer, Request, json_answer
from demo.board.pictures import FileFacts
from demo.board.posts import KINDS, Post

_HIDDEN = ("md5", "file_url", "large_file_url", "preview_file_url")
_CATEGORIES = {"general": 0, "artist": 1, "copyright": 3, "character": 4, "meta": 5}


def error(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an error as the API states it."""
    body = {"success": False, "error": kind, "message": message, "backtrace": [f"app/logical/{kind}.rb:1"]}
    return json_answer(body, status, (headers or {}).items())


def challenge() -> Answer:
    """Return the page by which a front end keeps programs out."""
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Enable JavaScript</body></html>"
    headers = {"Content-Type": "text/html; charset=UTF-8", "cf-mitigated": "challenge", "Server": "cloudflare"}
    return Answer(403, page, headers)


def post(shown: Post, facts: FileFacts, files: str, zone: tzinfo, is_hidden: bool) -> dict[str, Any]:
    """Return a post's fields. A hidden post lacks the addresses and the MD5."""
    fields = {
        "id": shown.id,
        "created_at": _time(shown.created_at, zone),
        "uploader_id": 1,
        "score": shown.score,
        "source": shown.source,
        "md5": facts.md5,
        "rating": shown.rating,
        "image_width": facts.width,
        "image_height": facts.height,
        "tag_string": " ".join(sorted(shown.all_tags)),
        "fav_count": shown.fav_count,
        "file_ext": shown.picture.extension,
        "parent_id": shown.parent_id,
        "has_children": shown.has_children,
        "tag_count": len(shown.all_tags),
        "file_size": facts.bytes,
        "up_score": shown.up_score,
        "down_score": shown.down_score,
        "is_pending": shown.is_pending,
        "is_flagged": shown.is_flagged,
        "is_deleted": shown.is_deleted,
        "updated_at": _time(shown.updated_at, zone),
        "is_banned": shown.is_banned,
        "pixiv_id": shown.pixiv_id,
        "bit_flags": shown.bit_flags,
        **{f"tag_string_{kind}": " ".join(shown.tags.get(kind, ())) for kind in KINDS},
        **{f"tag_count_{kind}": len(shown.tags.get(kind, ())) for kind in KINDS},
        **_addresses(facts, files, shown.picture.extension),
        "media_asset": _media_asset(shown, facts, files, zone, is_hidden),
    }
    return {name: value for name, value in fields.items() if not (is_hidden and name in _HIDDEN)}


def _addresses(facts: FileFacts, files: str, extension: str) -> dict[str, str]:
    place = f"{facts.md5[:2]}/{facts.md5[2:4]}"
    return {
        "file_url": f"{files}/original/{place}/{facts.md5}.{extension}",
        "large_file_url": f"{files}/sample/{place}/sample-{facts.md5}.jpg",
        "preview_file_url": f"{files}/180x180/{place}/{facts.md5}.jpg",
    }


def _media_asset(shown: Post, facts: FileFacts, files: str, zone: tzinfo, is_hidden: bool) -> dict[str, Any]:
    addresses = _addresses(facts, files, shown.picture.extension)
    size = {"width": facts.width, "height": facts.height}
    seen = {
        "id": shown.id + 5_000_000,
        "created_at": _time(shown.created_at, zone),
        "updated_at": _time(shown.updated_at, zone),
        "file_ext": shown.picture.extension,
        "file_size": facts.bytes,
        "image_width": facts.width,
        "image_height": facts.height,
        "duration": None,
        "status": "active",
        "is_public": True,
        "pixel_hash": facts.md5[::-1],
    }
    variants = [
        {"type": "180x180", "url": addresses["preview_file_url"], **size, "file_ext": "jpg"},
        {"type": "sample", "url": addresses["large_file_url"], **size, "file_ext": "jpg"},
        {"type": "original", "url": addresses["file_url"], **size, "file_ext": shown.picture.extension},
    ]
    return seen if is_hidden else seen | {"md5": facts.md5, "file_key": facts.md5[:9], "variants": variants}


def chosen(fields: dict[str, Any], only: str | None) -> dict[str, Any]:
    """Choose fields by `id,md5,media_asset[variants]`; None chooses all, a name that no field has nothing."""
    if only is None:
        return fields
    names = re.findall(r"(\w+)(?:\[([^\]]*)\])?", only)
    return {name: chosen(fields[name], inner) if inner else fields[name] for name, inner in names if name in fields}


def _time(time: datetime, zone: tzinfo) -> str:
    return time.astimezone(zone).isoformat(timespec="milliseconds")


def tags(request: Request, posts: Sequence[Post]) -> Answer:
    """Answer a search for tags by name."""
    names = request.query.get("search[name]") or request.query.get("search[name_comma]")
    pattern = request.query.get("search[name_matches]", "*")
    asked = set(names.split(",")) if names else None
    found = [tag for tag in _all_tags(posts) if (tag["name"] in asked if asked else fnmatchcase(tag["name"], pattern))]
    if request.query.get("search[order]") == "count":
        found.sort(key=lambda tag: -tag["post_count"])
    only = request.query.get("only")
    shown = found[: int(request.query.get("limit", "20"))]
    return json_answer([chosen(tag, only) for tag in shown])


def _all_tags(posts: Sequence[Post]) -> list[dict[str, Any]]:
    counts = Counter(tag for shown in posts for tag in shown.all_tags)
    kinds = {tag: kind for shown in posts for kind, names in shown.tags.items() for tag in names}
    return [
        {
            "id": number,
            "name": name,
            "post_count": counts[name],
            "category": _CATEGORIES[kinds[name]],
            "is_deprecated": False,
        }
        for number, name in enumerate(sorted(counts), 1)
    ]


def related_tags(request: Request, posts: Sequence[Post]) -> Answer:
    """Answer which tags go with a tag: how often, and how closely."""
    query = request.query.get("query") or request.query.get("search[query]", "")
    having = [shown for shown in posts if query in shown.all_tags]
    together = Counter(tag for shown in having for tag in shown.all_tags)
    related = [
        {
            "tag": tag,
            "cosine_similarity": together[tag["name"]] / sqrt(len(having) * tag["post_count"]),
            "jaccard_similarity": together[tag["name"]] / (len(having) + tag["post_count"] - together[tag["name"]]),
            "overlap_coefficient": together[tag["name"]] / min(len(having), tag["post_count"]),
            "frequency": together[tag["name"]] / len(having),
        }
        for tag in _all_tags(posts)
        if tag["name"] in together
    ]
    related.sort(key=lambda each: -each["cosine_similarity"])
    return json_answer({"query": query, "post_count": len(having), "related_tags": related[:25]})
