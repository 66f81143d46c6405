"""Posts of a Danbooru as items, and their files."""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import structlog
from pydantic import ValidationError

from services.scraper.sources.danbooru.api import DanbooruApi
from services.scraper.sources.danbooru.changes import changed_rows
from services.scraper.sources.danbooru.latest import LatestRows
from services.scraper.sources.danbooru.posts import Row, identified, place_of, post_of, refused
from services.scraper.sources.danbooru.rules import broken_rule
from services.scraper.sources.danbooru.search import Position, check_number_of_tags, query, query_of_changes
from services.scraper.sources.remembered_rows import RememberedRows
from services.scraper.sources.source import Conditions, Fetched, Item, Page
from services.scraper.web.answers import is_gone
from services.scraper.web.client import ClientSettings, PoliteWeb, user_agent
from services.scraper.web.interface import Expected, Request
from services.scraper.web.politeness import Politeness
from shared.contract.errors import Transient
from shared.contract.reasons import Drop, Reason
from shared.recipe.danbooru import DanbooruSource as Section

log = structlog.get_logger()


class DanbooruSource:
    """A search on a Danbooru: every post that it lists is an item, with a drop if it is not to be fetched."""

    kind = "danbooru"
    answers_vary = False  # what is fetched has the MD5 of its state

    def __init__(self, section: Section, conditions: Conditions) -> None:
        self._wanted = wanted = section.danbooru
        account = conditions.danbooru.at(wanted.address)
        politeness = Politeness(wanted.pause, back_off=2 * wanted.pause)
        name = user_agent(conditions.contact, quote(account.danbooru_login))
        self._web = PoliteWeb(conditions, ClientSettings(politeness, name=name))
        self._api = DanbooruApi(wanted.address, account, self._web)
        self._latest = LatestRows(partial(self._api.posts, query(wanted)), conditions.hosts.clock)
        search = f"{wanted.address} {account.danbooru_login} {query(wanted)}"
        self._remembered = (
            RememberedRows(conditions.store, search, wanted.remembered) if conditions.store is not None else None
        )

    def page(self, cursor: str) -> Page:
        """Return the posts of a page, up to the recipe's limit. Only a page without posts ends a walk.

        Raises `AccountRefused` for a search that only an account could make, before anything is asked.
        """
        check_number_of_tags(self._wanted, self._api.has_login)
        here = Position.parse(cursor) if cursor else Position.first(self._wanted.order)
        rows = self._rows(here, is_first=not cursor)
        if not rows and not cursor:
            log.warning(
                "nothing found", search=query(self._wanted), board=self._wanted.address, hint="is each tag spelt right?"
            )
        items = self._up_to_the_limit([self._item(row) for row in rows], here.kept)
        kept = sum(_is_kept(item) for item in items)
        if self._wanted.limit is not None and here.kept + kept >= self._wanted.limit:
            return Page(items, None)
        after = here.after([number for row in rows if (number := identified(row)) is not None], kept)
        return Page(items, str(after) if after is not None else None)

    def _rows(self, here: Position, is_first: bool) -> list[Any]:
        """Return the posts of a page: as the board answered within the last hours, but for the newest."""
        if self._remembered is None or not here.by_id:
            return self._api.posts(query(self._wanted), here.page)
        if is_first:
            self._bring_up_to_date(self._remembered)
        known = None if is_first else self._remembered.below(here.number)
        if known is not None:
            return known
        rows = self._api.posts(query(self._wanted), here.page)
        if all(identified(row) is not None for row in rows):
            self._remembered.keep(None if is_first else here.number, rows)
        return rows

    def tags(self, search: Mapping[str, str]) -> dict[str, int]:
        """Return the tags that a search for tags finds, with the numbers of their posts."""
        return self._api.tags(search)

    def _bring_up_to_date(self, remembered: RememberedRows) -> None:
        """Ask for what was changed since the answers that are remembered: tags, and files that were replaced."""
        since, changes = remembered.since(), query_of_changes(self._wanted)
        if since is None or changes is None:
            return
        try:
            changed = list(changed_rows(partial(self._api.posts, changes), since))
        except Transient as error:  # as of an order that takes the board too long
            log.warning("changes unknown", search=changes, board=self._wanted.address, error=str(error))
        else:
            remembered.amend([row for row in changed if identified(row) is not None])

    def count(self) -> int | None:
        """Return about how many posts the search finds, in one request; None if the board does not know."""
        return self._api.count(query(self._wanted))

    def fetch(self, item: Item) -> Fetched | Drop:
        """Return the original of a post. If it is gone, the post is read once more: it may have another one."""
        fetched = self._download(item) if item.place else None
        if fetched is not None and not (isinstance(fetched, Drop) and is_gone(fetched)):
            return fetched
        now = self._present(int(item.origin))
        if now is None:
            return fetched or Drop(Reason.FETCH_FAILED, "the board has no such post")
        if now.trouble is not None:
            raise now.trouble
        if now.drop is not None:
            return now.drop
        return fetched if fetched is not None and now.state == item.state else self._download(now)

    def close(self) -> None:
        self._web.close()

    def _present(self, number: int) -> Item | None:
        """Return a post as it is now: as the search finds it, or else by itself; None if there is none."""
        row = self._latest.row(number) or self._api.post(number)
        return self._item(row) if row is not None else None

    def _download(self, item: Item) -> Fetched | Drop:
        post = item.post
        expected = Expected(post.md5, post.bytes) if post is not None else Expected(_text(item.state.get("md5")))
        return self._web.download(Request(item.place, headers={"Accept": "image/*,*/*;q=0.1"}), expected)

    def _item(self, row: Any) -> Item:
        number = identified(row)
        try:
            read = Row.model_validate(row)
        except ValidationError as error:
            return Item(str(number) if number is not None else _nameless(row), "", trouble=error)
        post = post_of(read, self._wanted.address)
        return Item(
            origin=str(read.id),
            place=place_of(read, self._wanted.address),
            state={"md5": read.md5} if read.md5 else {},
            score=self._wanted.score_of_copies,
            post=post,
            drop=refused(read, self._wanted.deleted) or broken_rule(post, self._wanted),
        )

    def _up_to_the_limit(self, items: list[Item], kept: int) -> tuple[Item, ...]:
        """Return the items up to the one with which the recipe's limit is reached."""
        for number, item in enumerate(items, 1):
            kept += _is_kept(item)
            if kept == self._wanted.limit:
                return tuple(items[:number])
        return tuple(items)


def _is_kept(item: Item) -> bool:
    return item.drop is None and item.trouble is None


def _nameless(row: Any) -> str:
    return "without id " + hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:12]


def _text(value: int | str | None) -> str | None:
    return str(value) if value is not None else None
