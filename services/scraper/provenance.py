"""What is kept about where an original came from."""

from pathlib import PurePath
from typing import Any

from services.scraper.sources import Fetched, Item, Post
from shared.pictures import PictureInfo

WRONG_EXTENSION = "wrong-extension"

_OF_THE_SOURCE = {
    "name": None,
    "modified": None,
    "fetched": None,
    "url": None,
    "media_type": None,
    "artist": None,
    "tags": None,  # a list of texts, by which the packer can tell classes
}


def provenance(kind: str, item: Item, fetched: Fetched, info: PictureInfo) -> dict[str, Any]:
    """Describe one place: what the source says of it (None where it says nothing), and what was found there."""
    return {
        **_OF_THE_SOURCE,
        **fetched.facts,
        "source": kind,
        "origin": item.origin,
        "place": item.place,
        "score": item.score,
        "bytes": len(fetched.data),
        "format": info.format.value,
        "size": [info.width, info.height],
        "notes": _notes(str(fetched.facts.get("name") or ""), info),
    }


def facts_of_post(post: Post | None) -> dict[str, Any]:
    """Return what a board says of a picture: its artists, its tags without their kinds, and the whole post."""
    if post is None:
        return {}
    artist = ", ".join(artist.name for artist in post.artists)
    whole = post.model_dump(mode="json", exclude_defaults=True)
    return {"artist": artist or None, "tags": list(post.all_tags), "post": whole}


def _notes(name: str, info: PictureInfo) -> list[str]:
    """List what is unusual about the file: `shared.pictures.Note`s, and whether its name is of another format."""
    extension = PurePath(name).suffix.removeprefix(".").lower()
    wrong = extension and extension not in info.format.extensions
    return sorted([*info.notes, *([WRONG_EXTENSION] if wrong else [])])
