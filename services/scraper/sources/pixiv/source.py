"""Pictures of Pixiv."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from services.scraper.sources.pixiv import windows
from services.scraper.sources.pixiv.api import NotShown, PixivApi
from services.scraper.sources.pixiv.descriptions import is_limited, with_web_pages, work_of_app, work_of_web
from services.scraper.sources.pixiv.windows import Position
from services.scraper.sources.pixiv.works import items_of, limited, refusal, unreadable_item
from services.scraper.sources.source import Conditions, Fetched, Item, Page
from services.scraper.web.answers import is_gone
from services.scraper.web.client import Manners, PoliteWeb, user_agent
from services.scraper.web.interface import Request, Web
from services.scraper.web.politeness import Politeness
from shared.contract.reasons import Drop, Reason
from shared.recipe import pixiv as recipe

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
        self._own = PoliteWeb(conditions, Manners(politeness, name=user_agent(conditions.contact)))
        self._web: Web = conditions.web or self._own
        self._api = PixivApi(self._web, conditions.pixiv, wanted.addresses)

    def page(self, cursor: str) -> Page:
        """Return a page of the search: 30 works, and as many items as these have pages.

        A work that comes twice is one here; across pages it can come twice, as new works shift all others.
        """
        section, position = self._section, Position.of(cursor)
        found = self._api.search(windows.query(section, position))
        items: list[Item] = []
        taken: list[int] = []
        for number, row in _by_number(found.rows).items():
            if number not in position.recent:
                of_work = tuple(self._items(number, row))
                items += of_work
                taken += [number] if section.limit and any(item.drop is None for item in of_work) else []
                if section.limit and position.taken + len(taken) >= section.limit:
                    return Page(tuple(items), None)
        step = windows.step(section, position, found.rows, found.next_offset, taken)
        if step.crowded is not None:
            items.append(unreadable_item(section, step.crowded, limited(f"{_CROWDED} {step.crowded}")))
        return Page(tuple(items), step.position.cursor if step.position else None)

    def _items(self, number: int, row: Any) -> Iterator[Item]:
        """Yield the pages of a work; where its description cannot be read, that is its trouble alone."""
        if is_limited(row):
            yield from self._items_of_limited(number)
            return
        try:
            work = work_of_app(row)
        except ValidationError as error:
            yield unreadable_item(self._section, number, None, error)
        else:
            yield from items_of(self._section, work, refusal(self._section, work))

    def _items_of_limited(self, number: int) -> Iterator[Item]:
        """Yield the pages of a work that only the web pages show, as far as they show it to everybody."""
        try:
            work = work_of_web(self._api.web_work(number))
            if work.restriction:
                drop: Drop | None = limited(f"shown to accounts alone, x_restrict is {work.restriction}")
            else:
                drop = refusal(self._section, work)
            if drop is None and len(work.pages) > 1:
                work = with_web_pages(work, self._api.web_pages(number))
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
        now = next((each for each in self._items(number, row) if each.origin == item.origin), None)
        if now is None:
            return Drop(Reason.FETCH_FAILED, "the page is gone from its work")
        if now.drop is not None or now.place == item.place:
            return now.drop or missing
        return self._download(now.place)

    def close(self) -> None:
        self._own.close()


def _by_number(rows: tuple[Any, ...]) -> dict[int, Any]:
    """Return works by their numbers, each once; what has no number gets one that its text leads to."""
    works: dict[int, Any] = {}
    for row in rows:
        number = row.get("id") if isinstance(row, dict) else None
        if not isinstance(number, int):
            number = int(hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:12], 16)
        works.setdefault(number, row)
    return works
