"""The requests to a Danbooru's API."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from services.scraper.sources.danbooru.posts import FIELDS
from services.scraper.sources.danbooru.refusals import refusal
from services.scraper.sources.danbooru.search import ROWS
from services.scraper.web.interface import Request, Web
from shared.contract.environment import DanbooruEnvironment
from shared.contract.errors import Transient

_TRIES = 4
"""Requests for an answer that is complete."""


class DanbooruApi:
    """A Danbooru at `address`, asked with an account if there is one, whose key goes into a header and nowhere else."""

    def __init__(self, address: str, account: DanbooruEnvironment, web: Web) -> None:
        self._address = address
        self._web = web
        self.has_login = bool(account.danbooru_login)
        pair = f"{account.danbooru_login}:{account.danbooru_api_key.get_secret_value()}"
        basic = base64.b64encode(pair.encode()).decode()
        self._secret = {"Authorization": f"Basic {basic}"} if self.has_login else {}

    def posts(self, query: str, page: str) -> list[Any]:
        """Return a page of what a search finds, as the board describes it."""
        parameters = {"tags": query, "limit": str(ROWS), "page": page, "only": FIELDS}
        found: list[Any] = self._answer(f"/posts.json?{urlencode(parameters)}", list)
        return found

    def post(self, number: int) -> dict[str, Any] | None:
        """Return a post as it is now, None if there is none of this number."""
        found: dict[str, Any] | None = self._answer(f"/posts/{number}.json?{urlencode({'only': FIELDS})}", dict, True)
        return found

    def tags(self, search: Mapping[str, str]) -> dict[str, int]:
        """Return the tags that a search for tags finds, with the numbers of their posts."""
        parameters = {**search, "limit": "20", "only": "name,post_count"}
        rows = self._answer(f"/tags.json?{urlencode(parameters)}", list)
        known = (row for row in rows if isinstance(row, dict) and type(row.get("post_count")) is int)
        return {str(row.get("name")): row["post_count"] for row in known}

    def count(self, query: str) -> int | None:
        """Return about how many posts a search finds, hidden and deleted ones among them; None if that is unknown."""
        found = self._answer(f"/counts/posts.json?{urlencode({'tags': query})}", dict)
        counts = found.get("counts")
        number = counts.get("posts") if isinstance(counts, dict) else None
        return number if type(number) is int else None

    def _answer(self, path: str, kind: type, may_be_missing: bool = False) -> Any:
        """Return the JSON at `path`, a list or a dict. An answer that is cut or no JSON is asked for again."""
        address = self._address + path
        for _ in range(_TRIES):
            reply = self._web.send(Request(address, headers={"Accept": "application/json"}, secret=self._secret))
            if reply.status == 404 and may_be_missing:
                return None
            if reply.status != 200:
                raise refusal(reply.status, _decoded(reply.body), self._address, self.has_login)
            found = _decoded(reply.body)
            if isinstance(found, kind):
                return found
            self._web.hold(address)
        raise Transient(f"{self._address} answers with something else than a Danbooru does: {_begin(reply.body)}")


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _begin(body: bytes) -> str:
    return repr(body[:60].decode("utf-8", "replace"))
