"""Posts of any board that gallery-dl lists, as items, and their files."""

import re
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from pydantic import ValidationError

from services.scraper.sources.gallery.posts import Posts, Row
from services.scraper.sources.gallery.program import Listing, Part
from services.scraper.sources.rules import broken_rule
from services.scraper.sources.source import PAGE, Conditions, Fetched, Item, Page
from services.scraper.web.address import key_of, parsed
from services.scraper.web.client import ClientSettings, PoliteWeb, user_agent
from services.scraper.web.gate import Gate
from services.scraper.web.interface import Expected, Request
from services.scraper.web.politeness import Politeness
from shared.contract.errors import HostRefuses, RunUnusable, Transient
from shared.contract.reasons import Drop
from shared.recipe.gallery import GallerySource as Section

log = structlog.get_logger()

_CURSOR = re.compile(r"(\d+)/(\d+)")
_BREAKS = (Transient, HostRefuses, RunUnusable)


@dataclass(frozen=True)
class Position:
    """A place in a listing: behind the first `listed` files, of which `kept` have been taken."""

    listed: int = 0
    kept: int = 0

    @classmethod
    def parse(cls, cursor: str) -> "Position":
        """Return the position that prints as `cursor`, the first one for an empty text; raises `ValueError` else."""
        found = _CURSOR.fullmatch(cursor or "0/0")
        if found is None:
            raise ValueError(f"not a place in a listing of gallery-dl: {cursor[:80]!r}")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.listed}/{self.kept}"


class GallerySource:
    """A page of a board that gallery-dl lists: every file is an item, with a drop if it is not to be fetched."""

    kind = "gallery"
    answers_vary = True  # not all boards say which bytes a file has

    def __init__(self, section: Section, conditions: Conditions) -> None:
        self._wanted = wanted = section.gallery
        self._conditions = conditions
        self._politeness = Politeness(wanted.pause, back_off=2 * wanted.pause)
        self._name = user_agent(conditions.contact)
        self._web = PoliteWeb(conditions, ClientSettings(self._politeness, name=self._name))
        self._posts = Posts(wanted)

    def page(self, cursor: str) -> Page:
        """Return the files that follow the first ones, which `cursor` counts.

        What breaks off is never the whole: what has been listed until then is a page, and the next one begins there,
        or is the error if nothing more comes.
        """
        here = Position.parse(cursor)
        items: list[Item] = []
        listing, broken = None, False
        with Gate(self._conditions, self._politeness) as gate:
            part = Part(here.listed + 1, here.listed + PAGE)
            listing = Listing(self._wanted, part, self._name, gate, self._conditions)
            try:
                self._list(listing, here, items)
            except _BREAKS as error:
                self._close_host(gate, error)
                if not items:
                    raise
                broken = True
                log.warning("listing broke off", address=self._address, files=len(items), error=str(error))
        self._tell(listing, is_empty=not items and not cursor)
        return Page(tuple(items), self._next(here, items, broken))

    def _list(self, listing: Listing, here: Position, items: list[Item]) -> None:
        """Add the items of a listing to `items`, up to the recipe's limit."""
        with closing(listing.rows()) as rows:
            for row in rows:
                items.append(self._item(row))
                if self._is_enough(here, items):
                    return

    def _is_enough(self, here: Position, items: list[Item]) -> bool:
        return self._wanted.limit is not None and here.kept + _kept(items) >= self._wanted.limit

    def _next(self, here: Position, items: list[Item], broken: bool) -> str | None:
        """Return the cursor of the page that follows; a part that is whole and not full is the last one."""
        if self._is_enough(here, items) or (len(items) < PAGE and not broken):
            return None
        return str(Position(here.listed + len(items), here.kept + _kept(items)))

    def _close_host(self, gate: Gate, error: Exception) -> None:
        """Let no source ask a host for a while that has refused gallery-dl."""
        url = parsed(self._wanted.address)
        if isinstance(error, HostRefuses) and gate.trouble is None and not isinstance(url, Drop):
            self._conditions.hosts.closed(key_of(url), "has refused gallery-dl", self._politeness.closed)

    def _tell(self, listing: Listing, is_empty: bool) -> None:
        """Log what gallery-dl has left out, and that there was nothing."""
        if listing.warnings:
            log.warning(
                "gallery-dl warns", address=self._address, warnings=listing.warnings[-3:], times=len(listing.warnings)
            )
        if is_empty:
            log.warning("nothing found", address=self._address, hint="does a browser show anything there?")

    @property
    def _address(self) -> str:
        parts = urlsplit(self._wanted.address)
        return f"{parts.netloc}{parts.path}"

    def _item(self, row: Row) -> Item:
        """Return a file as an item; where its description cannot be read, that is its trouble alone."""
        place, origin = str(row.get("_url", "")), self._posts.origin(row)
        try:
            post = self._posts.post(row)
            drop = self._posts.refused(row, post) or broken_rule(post, self._wanted)
        except (ValidationError, ValueError, TypeError) as error:
            return Item(origin, place, trouble=error)
        state = {"referer": _referer(row, self._posts.address(row)), **({"md5": post.md5} if post.md5 else {})}
        return Item(origin, place, state, self._wanted.score_of_copies, post, drop)

    def fetch(self, item: Item) -> Fetched | Drop:
        """Return the file of an item, asked for as from the page that shows it."""
        headers = {"Accept": "image/*,*/*;q=0.1"}
        if referer := item.state.get("referer"):
            headers["Referer"] = str(referer)
        expected = Expected(item.post.md5, item.post.bytes) if item.post is not None else Expected()
        return self._web.download(Request(item.place, headers), expected)

    def close(self) -> None:
        self._web.close()


def _kept(items: list[Item]) -> int:
    return sum(item.drop is None and item.trouble is None for item in items)


def _referer(row: Row, page: str) -> str:
    """Return the page that a file's host wants to hear: as gallery-dl says, or else the first page of the board.

    Of the headers that gallery-dl says none else is sent: some make it look like a browser.
    """
    headers = row.get("_http_headers")
    if isinstance(headers, dict) and "Referer" in headers:
        told = headers["Referer"]
        return told if isinstance(told, str) and told.isascii() and told.isprintable() else ""
    parts = urlsplit(page)
    return f"{parts.scheme}://{parts.netloc}/"
