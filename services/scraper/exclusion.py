"""Leaves out what a recipe excludes, before anything of it is fetched. Pure."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

from services.scraper.sources import Item, Post
from shared.contract.reasons import Drop, Reason
from shared.recipe.exclude import Exclude


def without_excluded(item: Item, exclude: Exclude, kind: str) -> Item:
    """Return an item of a source of this kind with a drop if it is of an artist, or a work, that is excluded."""
    drop = _drop(item, exclude, kind)
    return item if drop is None else replace(item, drop=drop)


def _drop(item: Item, exclude: Exclude, kind: str) -> Drop | None:
    excluded = {_name(artist) for artist in exclude.artists}
    for artist in item.post.artists if item.post is not None else ():
        if excluded & {_name(artist.name), _name(artist.address)}:
            return Drop(Reason.EXCLUDED_ARTIST, f"the recipe excludes {artist.name[:100]}")
    named = _names(item, kind) & {_name(work) for work in exclude.works}
    return Drop(Reason.EXCLUDED_WORK, f"the recipe excludes {min(named)[:200]}") if named else None


def _names(item: Item, kind: str) -> set[str]:
    """Return all names by which a recipe can mean an item."""
    names = {_name(item.place)}
    return names if item.post is None else names | _names_of_post(item.post) | {f"{kind}:{item.post.number}"}


def _names_of_post(post: Post) -> set[str]:
    names = {_name(post.address), f"{post.board}:{post.number}", f"{post.board.partition('.')[0]}:{post.number}"}
    return names | ({f"pixiv:{post.pixiv.work}"} if post.pixiv is not None else set())


def _name(work: str) -> str:
    """Return an address without its scheme, language, query and final slash; what is none as it is."""
    parts = urlsplit(work.strip())
    if parts.scheme not in ("http", "https"):
        return work.strip().casefold()
    number = re.search(r"illust_id=(\d+)", parts.query)  # as addresses of Pixiv were
    path = f"/artworks/{number[1]}" if number else re.sub(r"^/[a-z]{2}(?=/(artworks|users)/)", "", parts.path)
    return f"{parts.netloc.removeprefix('www.')}{path.rstrip('/')}".casefold()
