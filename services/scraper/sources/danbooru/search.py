"""What a Danbooru is asked for a recipe's section, and where in the answer a walk is. Pure."""

import re
from dataclasses import dataclass

from shared.contract.errors import AccountRefused, RunUnusable
from shared.recipe.danbooru import VISITORS_TAGS, Danbooru, Order, too_many_tags

ROWS = 200
"""Posts of a page: the most that a Danbooru gives."""

NUMBERED_PAGES = 1000
"""Numbered pages that visitors may look at."""

_BEFORE_NOTHING = 10**9
"""Higher than the number of any post. A walk by ids begins with it: a first page without it has another order."""

_ORDERS = {Order.SCORE: "order:score", Order.FAVOURITES: "order:favcount"}
_CURSOR = re.compile(r"(b?)(\d+)/(\d+)")


def query(wanted: Danbooru) -> str:
    """Return the search: tags, and metatags that do not count. All other rules are for `rules`.

    So another score, size or date needs no other search.
    """
    return " ".join([*wanted.tags, *_order(wanted), *_free(wanted)])


def query_of_changes(wanted: Danbooru) -> str | None:
    """Return the search for the same posts, the last changed first; None where it would have too many tags."""
    if len(wanted.tags) >= VISITORS_TAGS:
        return None
    return " ".join([*wanted.tags, "order:change", *_free(wanted)])


def _free(wanted: Danbooru) -> list[str]:
    """Return the metatags that do not count."""
    ratings = ",".join(wanted.ratings)
    return [f"rating:{ratings}", *([] if wanted.deleted else ["-status:deleted"])]


def check_number_of_tags(wanted: Danbooru, has_login: bool) -> None:
    """Raise `AccountRefused` for a search of more tags than a visitor may name."""
    if problem := too_many_tags(wanted, has_login):
        raise AccountRefused(f"danbooru.tags: {problem}")


def _order(wanted: Danbooru) -> list[str]:
    return [_ORDERS[wanted.order]] if wanted.order in _ORDERS else []


@dataclass(frozen=True)
class Position:
    """A place in a walk: before the post `number`, or at the numbered page; `kept` posts have been taken so far.

    Pages before a post go by falling ids, whatever order is asked for, and so other orders have numbered pages.
    """

    number: int
    by_id: bool
    kept: int = 0

    @classmethod
    def first(cls, order: Order) -> "Position":
        """Return where a walk begins."""
        return cls(_BEFORE_NOTHING, True) if order is Order.NEWEST else cls(1, False)

    @classmethod
    def parse(cls, cursor: str) -> "Position":
        """Return the position that prints as `cursor`; raises `ValueError` for any other text."""
        found = _CURSOR.fullmatch(cursor)
        if found is None:
            raise ValueError(f"not a place in a walk through a Danbooru: {cursor[:80]!r}")
        return cls(int(found[2]), bool(found[1]), int(found[3]))

    @property
    def page(self) -> str:
        """The board's name of the page that is here."""
        return f"b{self.number}" if self.by_id else str(self.number)

    def __str__(self) -> str:
        return f"{self.page}/{self.kept}"

    def after(self, ids: list[int], kept: int) -> "Position | None":
        """Return the position after a page of posts, `kept` of which were taken; None if it was the last page.

        Only a page without posts is the last one. Raises `RunUnusable` if a walk by ids does not come further down.
        """
        if not ids or (not self.by_id and self.number >= NUMBERED_PAGES):
            return None
        if not self.by_id:
            return Position(self.number + 1, False, self.kept + kept)
        if min(ids) >= self.number:
            raise RunUnusable(
                f"danbooru.address: asked for posts before {self.number}, it lists {min(ids)} again: no Danbooru"
            )
        return Position(min(ids), True, self.kept + kept)
