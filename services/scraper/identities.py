"""Recognises a picture of a board before it is fetched: by its MD5, or as a page of a Pixiv work, on whatever board.

What was fetched once, for any run and from any board, is not fetched again.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from services.scraper.sources import Fetched, Item
from shared.contract import keys, memory
from shared.contract.errors import NotFound
from shared.contract.stage import Action, Codec, Objects

VERSION = 1
"""Raise it when identities are to be forgotten."""

_IMAGE: Codec[str] = Codec(write=lambda image: {"image": image}, read=lambda record: str(record["image"]))


def identities(item: Item) -> Iterator[Action]:
    """Yield the names under which an item's picture is remembered, the surest first.

    A page of Pixiv that Pixiv itself lists is named with its file, as an artist can replace that.
    """
    post = item.post
    if post is None:
        return
    if post.md5 is not None:
        yield _name(md5=post.md5)
    if post.pixiv is not None and post.variant == "original":
        page = [post.pixiv.work, post.pixiv.number]
        yield _name(pixiv=page, file=item.state["file"]) if "file" in item.state else _name(pixiv=page)


def file_name(item: Item) -> str:
    """Return a name that two items share if they are known to be one file before they are fetched."""
    surest = next(identities(item), None)
    return item.place if surest is None else surest.digest


def recognise(store: Objects, item: Item) -> Fetched | None:
    """Return the original that was fetched under the surest name of the item's picture; None when there is none.

    A post whose MD5 is stated and unknown is another file, of whatever work it is a page. A page of Pixiv that Pixiv
    lists is also known as what another board has of it.
    """
    names = list(identities(item))[:1]
    if item.post is not None and item.post.pixiv is not None and "file" in item.state:
        names.append(_name(pixiv=[item.post.pixiv.work, item.post.pixiv.number]))
    for name in names:
        image = memory.recall(store, name, _IMAGE)
        with suppress(NotFound):
            if image is not None:
                return Fetched(store.get(keys.original(image)), _facts(item))
    return None


def keep_identities(store: Objects, item: Item, image: str) -> None:
    """Remember the original under all names of the item's picture."""
    for action in identities(item):
        memory.keep(store, action, image, _IMAGE)


def _name(**inputs: Any) -> Action:
    return Action("scraper", VERSION, settings={}, inputs=inputs)


def _facts(item: Item) -> dict[str, str]:
    return {"name": PurePosixPath(unquote(urlsplit(item.place).path)).name, "url": item.place}
