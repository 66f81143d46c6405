"""Recognises a picture of a board before it is fetched: by its MD5, or as a page of a Pixiv work, on whatever board.

What was fetched once, for any run and from any board, is not fetched again.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from services.scraper.sources import Fetched, Item, Post
from shared.contract import keys, memory
from shared.contract.errors import NotFound
from shared.contract.stage import Action, Codec, Objects

VERSION = 1
"""Raise it when identities are to be forgotten."""

_IMAGE: Codec[str] = Codec(write=lambda image: {"image": image}, read=lambda record: str(record["image"]))


def identities(post: Post) -> Iterator[Action]:
    """Yield the names under which a post's picture is known, the surest first."""
    if post.md5 is not None:
        yield Action("scraper", VERSION, settings={}, inputs={"md5": post.md5})
    if post.pixiv is not None and post.variant == "original":
        yield Action("scraper", VERSION, settings={}, inputs={"pixiv": [post.pixiv.work, post.pixiv.number]})


def file_name(item: Item) -> str:
    """Return a name that two items share if they are known to be one file before they are fetched."""
    surest = next(identities(item.post), None) if item.post is not None else None
    return item.place if surest is None else surest.digest


def recognise(store: Objects, item: Item) -> Fetched | None:
    """Return the original that was fetched under the surest name of the item's picture; None when there is none.

    A post whose MD5 is stated and unknown is another file, of whatever work it is a page.
    """
    surest = next(identities(item.post), None) if item.post is not None else None
    image = memory.recall(store, surest, _IMAGE) if surest is not None else None
    try:
        return Fetched(store.get(keys.original(image)), _facts(item)) if image is not None else None
    except NotFound:
        return None


def keep_identities(store: Objects, item: Item, image: str) -> None:
    """Remember the original under all names of the item's picture."""
    for action in identities(item.post) if item.post is not None else ():
        memory.keep(store, action, image, _IMAGE)


def _facts(item: Item) -> dict[str, str]:
    return {"name": PurePosixPath(unquote(urlsplit(item.place).path)).name, "url": item.place}
