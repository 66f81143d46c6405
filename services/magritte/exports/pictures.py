"""The pictures of a version of a data set, one at a time, with what is known of each."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from services.magritte.side_by_side import side_by_side
from shared.contract import keys
from shared.contract.errors import NotFound, Poison
from shared.store.interface import Store

UNKNOWN, TAGGER = "unknown", "tagger"
"""Kinds of the tags of which no board says a kind, and of those that a tagger has found."""

_SUFFIXES = {b"\x89PN": ".png", b"\xff\xd8\xff": ".jpg"}
"""By the first bytes of a file."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class DataPicture:
    """A picture of a data set: its place among the records, its name there, and the bytes of its file.

    `label` and `number` are its class, None without classes; `tags` are by kind.
    """

    index: int
    name: str
    content: bytes
    suffix: str
    member: Mapping[str, Any]
    label: str | None
    number: int | None
    tags: Mapping[str, tuple[str, ...]]

    @property
    def file(self) -> str:
        """The name of the file, in folders of a thousand each."""
        return f"{self.index // 1000:05d}/{self.name}{self.suffix}"

    @cached_property
    def about(self) -> dict[str, Any]:
        """All that is known of the picture and can be handed on, as JSON values; each picture has the same fields."""
        places: Sequence[Mapping[str, Any]] = self.member.get("origins") or ({},)
        posts = [place.get("post") or {} for place in places]
        artists = [each["name"] for post in posts for each in post.get("artists", ())]
        artists += [place["artist"] for place in places if place.get("artist") and not artists]
        return {
            "name": self.name,
            "picture_digest": self.member["picture"],
            "image_digest": self.member["image"],
            "face": self.member["face"],
            "derived_from": (self.member.get("derived") or {}).get("from"),
            "label": self.label,
            "source": places[0].get("source"),
            "address": _first(_web(post.get("address")) for post in posts)
            or _first(_web(place.get("url")) for place in places),
            "artists": list(dict.fromkeys(artists)),
            "licence": _first(post.get("licence") for post in posts) or "unknown",
            "rating": _first(post.get("rating") for post in posts),
            "score": _first(post.get("score") for post in posts),
            "created": _first(post.get("created") for post in posts),
            "tags": list(dict.fromkeys(tag for kind in self.tags.values() for tag in kind)),
            "character_tags": list(self.tags.get("character", ())),
        }


class DataPictures:
    """The pictures of a data set that are in the store; `missing` has a sentence for each other one passed so far.

    At most twice as many as there are `threads` are in memory.
    """

    def __init__(
        self, store: Store, manifest: Mapping[str, Any], tagged: Mapping[str, Sequence[str]], threads: int
    ) -> None:
        self._store = store
        self._members: Sequence[Mapping[str, Any]] = manifest["members"]
        self._tagged = tagged
        self._threads = threads
        self.classes = tuple(manifest.get("classes", ()))
        self.missing: list[str] = []

    def __len__(self) -> int:
        """Return the number of pictures, of those that are missing too."""
        return len(self._members)

    def __iter__(self) -> Iterator[DataPicture]:
        """Iterate over the pictures in the order of the data set's records."""
        for (index, member), content in side_by_side(self._content, enumerate(self._members), self._threads):
            name = _checked(str(member["name"]))
            if isinstance(content, str):
                self.missing.append(f"{name}: {content}")
            else:
                yield self._picture(index, name, content, member)

    def _content(self, numbered: tuple[int, Mapping[str, Any]]) -> bytes | str:
        """Return the bytes of a picture, or why there are none that can be used."""
        digest = str(numbered[1]["picture"])
        key = keys.normalized(digest)
        try:
            content = self._store.get(key)
        except NotFound:
            return f"{key} is not in the store any more"
        if hashlib.sha256(content).hexdigest() != digest or content[:3] not in _SUFFIXES:
            return f"{key} is damaged"
        return content

    def _picture(self, index: int, name: str, content: bytes, member: Mapping[str, Any]) -> DataPicture:
        label = member.get("label")
        number = self.classes.index(label) if label in self.classes else None
        tags = tags_by_kind(member.get("origins") or (), self._tagged.get(str(member["image"]), ()))
        return DataPicture(index, name, content, _SUFFIXES[content[:3]], member, label, number, tags)


def tags_by_kind(places: Iterable[Mapping[str, Any]], tagged: Sequence[str] = ()) -> Mapping[str, tuple[str, ...]]:
    """Return the tags of a picture found at `places`, by the kinds of their boards, and those that a tagger tells."""
    found: dict[str, dict[str, None]] = {}
    for place in places:
        by_kind = (place.get("post") or {}).get("tags") or {}
        for kind, tags in by_kind.items():
            found.setdefault(kind, {}).update(dict.fromkeys(tags))
        known = {tag for tags in by_kind.values() for tag in tags}
        rest = [tag for tag in place.get("tags") or () if tag not in known]
        found.setdefault(UNKNOWN, {}).update(dict.fromkeys(rest))
    found[TAGGER] = dict.fromkeys(tagged)
    return {kind: tuple(tags) for kind, tags in found.items() if tags}


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Poison(f"manifest.json, name: {name[:80]!r} is no name of a picture: pack the data set again")
    return name


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None and value != ""), None)


def _web(address: Any) -> str | None:
    """Return an address of the web; None for any other, and for one with a user in it."""
    parts = urlsplit(str(address or ""))
    return str(address) if parts.scheme in ("http", "https") and "@" not in parts.netloc else None
