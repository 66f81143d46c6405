"""Finds which entries of a run a person means by the words that they see: names, paths, addresses, digests. Pure."""

import os.path
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError

from shared.contract.post import Post
from shared.contract.post import comparable as name_of_post

_DIGEST = re.compile(r"[0-9a-f]{6,64}", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_POST = re.compile(r"https?://.+|[a-z0-9.-]+:\d+", re.IGNORECASE)
_USER = re.compile(r"^(https?://)[^/?#@]*@", re.IGNORECASE)


@dataclass(frozen=True)
class ListedEntry:
    """An entry as its source lists it: origin, the folder that it is relative to, if any, and the original's digest.

    Of what has been fetched, `place` is where it was and `kind` that of its source. `post` is what a board says of it,
    as the listing has it.
    """

    entry: str
    origin: str
    folder: str = ""
    image: str = ""
    place: str = ""
    kind: str = ""
    post: Mapping[str, Any] | None = None

    @property
    def known_post(self) -> Post | None:
        """Return the entry's post; None where it is of no board, or described by another version of Magritte."""
        try:
            return None if self.post is None else Post.model_validate(self.post)
        except ValidationError:
            return None

    @property
    def post_names(self) -> set[str]:
        """Return the names of the entry's post: its address and number; none where it is of no board."""
        post = self.known_post
        return set() if post is None else post.names

    @property
    def shown(self) -> str:
        """Return the name that tells a person most: the address of the post's page, or else the origin."""
        post = self.known_post
        return self.origin if post is None else post.address

    @property
    def names(self) -> set[str]:
        """Return the entry's full names, comparable: with its folder; addresses without user, escapes and query."""
        address = _without_user(self.origin)
        spelt = {self.origin, address, unquote(address), os.path.join(self.folder, self.origin)}  # noqa: PTH118
        if _ADDRESS.match(self.origin):
            whole = address.partition("#")[0]
            path = whole.partition("?")[0]
            spelt |= {whole, path, unquote(path)}
        return {comparable(name) for name in spelt}


@dataclass(frozen=True)
class Words:
    """The words that a person has typed, and the absolute paths that they may be, from the folder that person is in."""

    text: str
    paths: tuple[str, ...] = ()

    @cached_property
    def spellings(self) -> set[str]:
        """Return the ways to write what was meant, comparable."""
        spelt = {self.text, _without_user(self.text), unquote(self.text), *self.paths}
        if _ADDRESS.match(self.text):
            spelt.add(_without_user(self.text).partition("#")[0])
        elif "/" in self.text:
            spelt.add(os.path.normpath(self.text))
        return {comparable(name) for name in spelt}

    @cached_property
    def name_of_post(self) -> str:
        """Return the post that the text may name, by address or by board and number, comparable; else empty."""
        return name_of_post(self.text) if _POST.fullmatch(self.text.strip()) else ""

    @property
    def may_be_digest(self) -> bool:
        """Return whether the text can be the beginning of a digest, or a whole one."""
        return _DIGEST.fullmatch(self.text) is not None

    def begins(self, digest: str) -> bool:
        """Return whether `digest` begins with the text."""
        return self.may_be_digest and digest.startswith(self.text.lower())

    def name(self, listed: ListedEntry) -> bool:
        """Return whether the words are the name of the entry, or its last parts, such as the name of the file."""
        if listed.image and self.text.lower() == listed.image:
            return True
        if self.name_of_post and self.name_of_post in listed.post_names:
            return True
        names = listed.names
        return not names.isdisjoint(self.spellings) or any(
            name.endswith(f"/{spelt}") for name in names for spelt in self.spellings
        )

    def are_in(self, listed: ListedEntry) -> bool:
        """Return whether the words are part of the entry's origin, or the beginning of the original's digest."""
        spelt = (comparable(listed.origin), comparable(unquote(listed.origin)))
        return self.begins(listed.image) or any(comparable(self.text) in origin for origin in spelt)


@dataclass
class Found:
    """The entries that are meant: those that the words name, and those that they are a part of."""

    exact: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)

    @property
    def best(self) -> list[str]:
        """Return `exact`, or `partial` if that is empty."""
        return self.exact or self.partial


def search(words: Words, entries: Iterable[ListedEntry]) -> Found:
    """Find the entries that the words name, and those that they are a part of."""
    found = Found()
    for listed in entries:
        if words.name(listed):
            found.exact.append(listed.entry)
        elif words.are_in(listed):
            found.partial.append(listed.entry)
    return found


def comparable(name: str) -> str:
    """Return a name so that two that look the same are equal: composed characters, without regard to case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _without_user(address: str) -> str:
    return _USER.sub(r"\1", address)
