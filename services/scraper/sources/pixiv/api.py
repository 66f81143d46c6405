"""What Pixiv is asked: the API of its app, with an account, and that of its web pages, without one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from services.scraper.sources.pixiv.asking import Body, request_json, words_of
from services.scraper.sources.pixiv.session import PixivSession
from services.scraper.web.interface import Request, Web
from shared.contract.errors import HostRefuses, Poison, Transient
from shared.recipe.pixiv import PixivAddresses

_OVER = "invalid_grant"
"""How the message ends that an access token gets which is over."""


TROUBLES = 3
"""Works in a row for which the web pages are out of order, after which they are asked for no other."""


@dataclass(frozen=True)
class Found:
    """A page of a search: works as the API describes them, and the offset of the next page, None after the last."""

    rows: tuple[Any, ...]
    next_offset: int | None


class NotShown(Exception):
    """The web pages do not show a work to everybody; the text says what they answer."""


class NotAnswered(NotShown):
    """The web pages do not answer for now."""


class PixivApi:
    """Asks for searches and works. Raises what `Web` and `PixivSession` raise, and `Poison` for what Pixiv refuses."""

    def __init__(self, web: Web, session: PixivSession, board: PixivAddresses) -> None:
        self._web = web
        self._session = session
        self._board = board
        self._refusal = ""
        self._troubles = 0

    def search(self, query: dict[str, str]) -> Found:
        """Return a page of a search."""
        status, body = self._call("/v1/search/illust", query)
        rows, address = body.get("illusts"), body.get("next_url")
        if status != 200 or not isinstance(rows, list):
            raise Poison(f"Pixiv refuses a search (HTTP {status}): {words_of(body)[:200]}")
        return Found(tuple(rows), _offset(address) if address else None)

    def detail(self, number: int) -> Body | None:
        """Return a work as the app shows it; None if it is gone."""
        status, body = self._call("/v1/illust/detail", {"illust_id": str(number)})
        if status == 404:
            return None
        row = body.get("illust")
        if status != 200 or not isinstance(row, dict):
            raise Poison(f"Pixiv does not show the work {number} (HTTP {status}): {words_of(body)[:200]}")
        return row

    def web_work(self, number: int) -> Any:
        """Return a work as the web pages show it to everybody. Raises `NotShown`."""
        return self._page(f"/ajax/illust/{number}")

    def web_pages(self, number: int) -> Any:
        """Return a work's pages as the web shows them to everybody. Raises `NotShown`."""
        return self._page(f"/ajax/illust/{number}/pages")

    def _call(self, path: str, query: dict[str, str]) -> tuple[int, Body]:
        """Ask the app's API; if the access token turns out to be over, sign in once more and ask again."""
        token = self._session.token(self._web, self._board)
        status, body = self._request(path, query, token)
        if not _is_over(status, body):
            return status, body
        status, body = self._request(path, query, self._session.token(self._web, self._board, over=token))
        if _is_over(status, body):
            raise Transient("Pixiv refuses an access token that it has just given")
        return status, body

    def _request(self, path: str, query: dict[str, str], token: str) -> tuple[int, Body]:
        headers = {"User-Agent": self._session.app.pixiv_user_agent, "Accept-Language": "en-us"}
        address = f"{self._board.api}{path}?{urlencode(query)}"
        return request_json(self._web, Request(address, headers, {"Authorization": f"Bearer {token}"}))

    def _page(self, path: str) -> Any:
        """Return the `body` of an answer of the web pages. Raises `NotShown`.

        Their host may refuse programs, or be out of order, while the API is not: then it is not asked any more.
        """
        if self._refusal:
            raise NotAnswered(self._refusal)
        try:
            status, answer = request_json(self._web, Request(f"{self._board.web}{path}"))
        except (HostRefuses, Transient) as error:
            self._troubles += 1
            if isinstance(error, HostRefuses) or self._troubles == TROUBLES:
                self._refusal = str(error)
            raise NotAnswered(str(error)) from error
        self._troubles = 0
        if status != 200 or answer.get("error"):
            raise NotShown(f"HTTP {status}")
        return answer.get("body")


def _is_over(status: int, body: Body) -> bool:
    return status == 400 and words_of(body).endswith(_OVER)


def _offset(address: Any) -> int:
    """Return the offset in the address of a next page, of which nothing else is used: it names the real host."""
    found = parse_qs(urlsplit(str(address)).query).get("offset", [""])[0]
    if not found.isdecimal():
        raise Poison("Pixiv gives a next page of a search without an offset")
    return int(found)
