"""Pictures of Pixiv."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from pydantic import ValidationError

from services.scraper.sources.pixiv.api import NotAnswered, NotShown, PixivApi
from services.scraper.sources.pixiv.descriptions import is_limited, with_web_pages, work_of_app, work_of_web
from services.scraper.sources.pixiv.listing import Listing
from services.scraper.sources.pixiv.windows import Position, query
from services.scraper.sources.pixiv.works import items_of, limited, refusal, unreadable_item
from services.scraper.sources.remembered_rows import RememberedRows, Row
from services.scraper.sources.source import Conditions, Fetched, Item, Page
from services.scraper.web.answers import is_gone
from services.scraper.web.client import ClientSettings, PoliteWeb, user_agent
from services.scraper.web.interface import Request
from services.scraper.web.politeness import Politeness
from shared.contract.reasons import Drop, Reason
from shared.recipe import pixiv as recipe

log = structlog.get_logger()

REFERER = "https://app-api.pixiv.net/"
"""What the host of the pictures wants to hear, wherever the recipe says that it is."""

_CROWDED = "a search shows 5,010 works of a day at most; search for another word too. The day is"


class PixivSource:
    """The works of a search, newest first; every page of a work is an item."""

    kind = "pixiv"
    answers_vary = True  # its host may send a page of its own in place of a picture

    def __init__(self, section: recipe.PixivSource, conditions: Conditions) -> None:
        if conditions.pixiv is None:
            raise ValueError("Pixiv is asked with the session of the conditions")
        self._section = wanted = section.pixiv
        politeness = Politeness(wanted.pause, back_off=2 * wanted.pause)
        self._web = PoliteWeb(conditions, ClientSettings(politeness, name=user_agent(conditions.contact)))
        self._api = PixivApi(self._web, conditions.pixiv, wanted.addresses)
        search = f"{wanted.addresses.api} {json.dumps(query(wanted, Position()), sort_keys=True)}"
        store, hours = conditions.store, wanted.remembered
        self._listing = Listing(wanted, self._api, RememberedRows(store, search, hours) if store is not None else None)

    def page(self, cursor: str) -> Page:
        """Return a page of the search: 30 works, and as many items as these have pages.

        A work that comes twice is one here; across pages it can come twice, as new works shift all others.
        """
        section, position = self._section, Position.of(cursor)
        listed = self._listing.page(position)
        if not listed.rows and not cursor:
            log.warning("nothing found", search=query(section, position), board=section.addresses.api)
        items: list[Item] = []
        taken: list[int] = []
        for number, row in _by_number(listed.rows).items():
            if number not in position.recent:
                of_work = tuple(self._items(number, row))
                items += of_work
                taken += [number] if section.limit and any(item.drop is None for item in of_work) else []
                if section.limit and position.taken + len(taken) >= section.limit:
                    self._listing.keep(position, listed)
                    return Page(tuple(items), None)
        self._listing.keep(position, listed)
        step = self._listing.following(position, listed, taken)
        if step.crowded is not None:
            items.append(unreadable_item(section, step.crowded, limited(f"{_CROWDED} {step.crowded}")))
        return Page(tuple(items), step.position.cursor if step.position else None)

    def _items(self, number: int, row: Row) -> Iterator[Item]:
        """Yield the pages of a work; where its description cannot be read, that is its trouble alone."""
        if is_limited(row["work"]):
            yield from self._items_of_limited(number, row)
            return
        try:
            work = work_of_app(row["work"])
        except ValidationError as error:
            yield unreadable_item(self._section, number, None, error)
        else:
            yield from items_of(self._section, work, refusal(self._section, work))

    def _items_of_limited(self, number: int, row: Row) -> Iterator[Item]:
        """Yield the pages of a work that only the web pages show, as far as they show it to everybody."""
        try:
            work = work_of_web(_told(row, "web", lambda: self._api.web_work(number)))
            if work.restriction:
                drop: Drop | None = limited(f"shown to accounts alone, x_restrict is {work.restriction}")
            else:
                drop = refusal(self._section, work)
            if drop is None and len(work.pages) > 1:
                work = with_web_pages(work, _told(row, "pages", lambda: self._api.web_pages(number)))
        except (NotShown, ValidationError) as error:
            why = str(error) if isinstance(error, NotShown) else "described in a way that cannot be read"
            yield unreadable_item(self._section, number, limited(f"not shown to the app, and on the web: {why}"))
        else:
            yield from items_of(self._section, work, drop)

    def fetch(self, item: Item) -> Fetched | Drop:
        """Return an original. One that is not there any more may have been replaced: its work is asked for again."""
        if item.post is None:
            return Drop(Reason.FETCH_FAILED, "Pixiv describes this work in a way that cannot be read")
        fetched = self._download(item.place)
        if isinstance(fetched, Drop) and is_gone(fetched):
            return self._replacement(item, item.post.number, fetched)
        return fetched

    def _download(self, address: str) -> Fetched | Drop:
        return self._web.download(Request(address, {"Referer": REFERER}))

    def _replacement(self, item: Item, number: int, missing: Drop) -> Fetched | Drop:
        """Return what lies in the place of a page's file by now, or why there is nothing."""
        row = self._api.detail(number)
        if row is None:
            return Drop(Reason.FETCH_FAILED, "the work is gone from Pixiv")
        now = next((each for each in self._items(number, {"work": row}) if each.origin == item.origin), None)
        if now is None:
            return Drop(Reason.FETCH_FAILED, "the page is gone from its work")
        if now.drop is not None or now.place == item.place:
            return now.drop or missing
        return self._download(now.place)

    def close(self) -> None:
        self._web.close()


def _by_number(rows: list[Row]) -> dict[int, Row]:
    """Return works by their numbers, each once; what has no number gets one that its text leads to."""
    works: dict[int, Row] = {}
    for row in rows:
        work = row["work"]
        number = work.get("id") if isinstance(work, dict) else None
        if not isinstance(number, int):
            number = int(hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()[:12], 16)
        works.setdefault(number, row)
    return works


def _told(row: Row, name: str, ask: Callable[[], Any]) -> Any:
    """Return what the web pages say of a work, and note it in its row, so that it is asked once. Raises `NotShown`."""
    if f"no {name}" in row:
        raise NotShown(row[f"no {name}"])
    if name not in row:
        try:
            row[name] = ask()
        except NotAnswered:
            raise
        except NotShown as error:
            row[f"no {name}"] = str(error)
            raise
    return row[name]
