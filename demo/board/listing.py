"""Pages of posts, in the orders and with the ways of paging that Danbooru has."""

import heapq
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from demo.board.pictures import FileFacts, Pictures
from demo.board.posts import Post
from demo.board.search import Search


class PageRefused(Exception):
    """A page beyond the last one that may be asked for."""


class Listing:
    """The posts of a board at one time."""

    def __init__(self, posts: Iterable[Post], pictures: Pictures) -> None:
        self._rising = sorted(posts, key=lambda post: post.id)
        self._ids = [post.id for post in self._rising]
        self._pictures = pictures

    @property
    def newest_first(self) -> list[Post]:
        """All posts, by falling ids."""
        return self._rising[::-1]

    def page(self, search: Search, page: str, limit: int, page_limit: int) -> list[Post]:
        """Return a page of what `search` finds: `page` is a number, b<id> (before a post) or a<id> (after it)."""
        if found := re.fullmatch(r"([ab])(\d+)", page, re.IGNORECASE):
            return self._beside(search, found[1].lower() == "b", int(found[2]), limit)
        number = max(1, int(page)) if page.isdecimal() else 1
        if number > page_limit:
            raise PageRefused
        first = (number - 1) * limit
        return list(islice(self._in_order(search, first + limit), first, first + limit))

    def count(self, search: Search) -> int:
        """Return the number of posts that `search` finds."""
        return sum(1 for _ in self._found(search, self._rising))

    def _beside(self, search: Search, is_before: bool, number: int, limit: int) -> list[Post]:
        """Return the `limit` posts next to a post, by falling ids; an order that is asked for does not matter."""
        if is_before:
            end = bisect_left(self._ids, number)
            return list(islice(self._found(search, (self._rising[at] for at in range(end - 1, -1, -1))), limit))
        start = bisect_left(self._ids, number + 1)
        after = (self._rising[at] for at in range(start, len(self._rising)))
        return list(islice(self._found(search, after), limit))[::-1]

    def _found(self, search: Search, posts: Iterable[Post]) -> Iterator[Post]:
        return (post for post in posts if search.finds(post, self._facts))

    def _facts(self, post: Post) -> FileFacts:
        return self._pictures.facts(post.picture)

    def _in_order(self, search: Search, number: int) -> Iterable[Post]:
        """Return the first `number` posts found, in the order of the search, or more of them."""
        order = search.order or ("created_at" if search.by_creation else "id")
        if order in ("id_asc", "id_desc", "id"):
            # Danbooru's order:id begins with the oldest.
            is_rising = search.order in ("id", "id_asc")
            return self._found(search, self._rising if is_rising else reversed(self._rising))
        key = self._keys().get(order.removesuffix("_asc").removesuffix("_desc"))
        if key is None:
            return self._found(search, reversed(self._rising))
        choose = heapq.nsmallest if order.endswith("_asc") else heapq.nlargest
        return choose(number, self._found(search, self._rising), key=lambda post: (key(post), post.id))

    def _keys(self) -> dict[str, Callable[[Post], Any]]:
        return {
            "score": lambda post: post.score,
            "favcount": lambda post: post.fav_count,
            "created_at": lambda post: post.created_at,
            "change": lambda post: post.updated_at,
            "filesize": lambda post: self._facts(post).bytes,
            "mpixels": lambda post: self._facts(post).width * self._facts(post).height,
        }
