"""A post of an image board: what the board says of one picture, before a byte of it is fetched."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

_FILE_OF_PIXIV = re.compile(r"https?://[^/]+\.(?:pximg|pixiv)\.net/.*/(\d+)_p(\d+)\.\w+")


class PixivPage(BaseModel):
    """A page of a Pixiv work: `number` counts from 0."""

    model_config = ConfigDict(frozen=True)

    work: int
    number: int


class Artist(BaseModel):
    """An artist, by the board's word: the name, and the address of a page about them."""

    model_config = ConfigDict(frozen=True)

    name: str
    address: str = ""


class Post(BaseModel):
    """One picture of a board: of a work with several pages, one page.

    Attributes:
        board: the board's host, `danbooru.donmai.us`, or `pixiv`
        number: the post's or work's number on its board
        page: of a work with several pages, counted from 0
        address: the page that a person looks at
        title: of the work; empty where the board has none
        artists: empty where the board knows none
        tags: by kind, as the board calls it: general, character, copyright, artist, meta
        rating: the board's own word, such as g; x_restrict 0 for Pixiv
        score: votes; None where the board has none
        favourites: on Pixiv, bookmarks
        views: None where the board does not say
        created: when it was posted
        updated: when what the board says of it last changed
        width: pixels of the original
        height: pixels of the original
        bytes: size of the original; None where the board does not say
        md5: of the original, in hexadecimal; None where the board does not say
        thumbnail: address of a small picture of it; empty where the board gives none
        variant: which of the board's files is fetched; `original` unless something else is recorded on purpose
        source: where the poster says that it is from, often an address
        pixiv: the page of a Pixiv work that this is, where that is certain
        licence: as stated by the board; mostly unknown
    """

    model_config = ConfigDict(frozen=True)

    board: str
    number: int
    page: int = 0
    address: str
    title: str = ""
    artists: tuple[Artist, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    rating: str = ""
    score: int | None = None
    favourites: int | None = None
    views: int | None = None
    created: datetime | None = None
    updated: datetime | None = None
    width: int = 0
    height: int = 0
    bytes: int | None = None
    md5: str | None = None
    thumbnail: str = ""
    variant: str = "original"
    source: str = ""
    pixiv: PixivPage | None = None
    licence: str = "unknown"

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The tags of all kinds, in the order of these."""
        return tuple(dict.fromkeys(tag for kind in sorted(self.tags) for tag in self.tags[kind]))

    @property
    def names(self) -> set[str]:
        """The names by which a person may mean the post, comparable: address, board and number, work of Pixiv."""
        boards = (self.board, self.board.partition(".")[0])
        names = {comparable(self.address), *(f"{board}:{self.number}" for board in boards)}
        return names | ({f"pixiv:{self.pixiv.work}"} if self.pixiv is not None else set())


def comparable(name: str) -> str:
    """Return an address without its scheme, language, query and final slash, and any other name without its case."""
    parts = urlsplit(name.strip())
    if parts.scheme not in ("http", "https"):
        return name.strip().casefold()
    number = re.search(r"illust_id=(\d+)", parts.query)  # as addresses of Pixiv were
    path = f"/artworks/{number[1]}" if number else re.sub(r"^/[a-z]{2}(?=/(artworks|users)/)", "", parts.path)
    return f"{parts.netloc.removeprefix('www.')}{path.rstrip('/')}".casefold()


def pixiv_page(source: str, work: int | None) -> PixivPage | None:
    """Return the page of a Pixiv work that a post is: `work` is what its board says, the address of a file its page."""
    found = _FILE_OF_PIXIV.fullmatch(source)
    if found is None or work not in (None, int(found[1])):
        return None
    return PixivPage(work=int(found[1]), number=int(found[2]))
