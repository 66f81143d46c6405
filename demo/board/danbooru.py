"""A Danbooru on loopback that behaves as the real one where a client can tell.

`with Danbooru(Mixture(posts=450)) as board: httpx.get(f"{board.address}/posts.json", headers={"User-Agent": "mine"})`
"""

import base64
import re
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Self
from zoneinfo import ZoneInfo

from demo.board import views
from demo.board.files import file_answer
from demo.board.listing import Listing, PageRefused
from demo.board.messages import Answer, Around, Log, Request, json_answer, text_answer
from demo.board.pictures import Picture, Pictures, reduced
from demo.board.posts import Mixture, Post, posts_of
from demo.board.search import Nonsense, Search, parsed
from demo.board.server import Server

PROGRAMS = re.compile(r"python-requests|python-httpx|aiohttp|python/\S+ aiohttp|python-urllib|mozilla|$", re.IGNORECASE)
"""The beginnings of names of clients that meet a challenge; a nameless client does too."""

ROBOTS = "User-agent: *\nDisallow: /*.json\nDisallow: /*.xml\nDisallow: /*.atom\n"
_FILE = re.compile(r"/(original|sample|180x180)/[0-9a-f]{2}/[0-9a-f]{2}/(?:sample-)?([0-9a-f]{32})\.(\w+)")
_LONGEST = {"sample": 850, "180x180": 180}


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    api_key: str
    tag_limit: int | None = 2
    page_limit: int = 1000
    sees_restricted: bool = False
    is_in_safe_mode: bool = False
    zone: str = "America/New_York"


@dataclass(frozen=True)
class Rules:
    """The rules of a board."""

    visitors: Account = Account("")
    accounts: dict[str, Account] = field(default_factory=dict)
    robots: str = ROBOTS
    challenges: bool = True
    """Whether clients without a name of their own meet a challenge."""
    counts_are_unknown: bool = False
    """Whether counting takes too long, as it does for large searches."""


class Danbooru:
    """The board. Its posts may be changed while it is asked."""

    def __init__(
        self,
        posts: Iterable[Post] | Mixture | None = None,
        rules: Rules | None = None,
        around: Around | None = None,
        files_host: str | None = None,
        port: int = 0,
    ) -> None:
        """Prepare a board. With `files_host` (such as 127.0.0.2) the files lie there, else where the listings are."""
        wanted = Mixture() if posts is None else posts
        self._mixture = wanted if isinstance(wanted, Mixture) else None
        made = posts_of(wanted) if isinstance(wanted, Mixture) else wanted
        self.rules = rules or Rules()
        self._lock = threading.Lock()
        self._posts = {post.id: post for post in made}
        self._pictures = Pictures()
        self._listing = Listing(self._posts.values(), self._pictures)
        self._by_md5: dict[str, Post] = {}
        self.api = Server(self._answer, around, port=port)
        self.files = Server(self._answer, around, host=files_host) if files_host else self.api
        self._servers = ExitStack()

    @property
    def address(self) -> str:
        """The address of the board."""
        return self.api.address

    @property
    def log(self) -> Log:
        """The log of the board, and of its files if they lie on the same host."""
        return self.api.log

    @property
    def posts(self) -> list[Post]:
        """All posts as they are now, the newest first."""
        return self._listing.newest_first

    def file(self, post: Post) -> bytes:
        """Return the bytes of a post's file, as they were drawn."""
        return self._pictures.data(post.picture)

    def md5(self, post: Post) -> str:
        """Return the MD5 of a post's file, as the listings give it."""
        return self._pictures.facts(post.picture).md5

    def put(self, post: Post) -> None:
        """Add a post, or put it in the place of the one with its id."""
        with self._lock:
            self._posts[post.id] = post
            self._listing = Listing(self._posts.values(), self._pictures)

    def add(self, number: int) -> list[Post]:
        """Let `number` new posts appear on a board that is made of a mixture, and return them, the newest first."""
        if self._mixture is None:
            raise ValueError("only a mixture says what comes next: use `put`")
        self._mixture = replace(self._mixture, posts=self._mixture.posts + number)
        for post in islice(posts_of(self._mixture), self._mixture.posts - number, None):
            self.put(post)
        return self.posts[:number]

    def change(self, number: int, **fields: Any) -> Post:
        """Change fields of the post whose id is `number`, and return what it is then."""
        post = replace(self._posts[number], **fields)
        self.put(post)
        return post

    def replace_file(self, number: int, picture: Picture) -> Post:
        """Give a post another file; the old one is gone."""
        return self.change(number, picture=picture, updated_at=datetime.now(UTC))

    def __enter__(self) -> Self:
        for server in dict.fromkeys([self.api, self.files]):
            self._servers.enter_context(server)
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.close()

    def _answer(self, request: Request) -> Answer:
        if self.rules.challenges and PROGRAMS.match(request.headers.get("user-agent", "")):
            return views.challenge()
        if request.path == "/robots.txt":
            return text_answer(self.rules.robots)
        if found := _FILE.fullmatch(request.path):
            return self._file(request, *found.groups())
        account = self._account(request)
        if account is None:
            return views.error(401, "SessionLoader::AuthenticationFailure", "Invalid API key")
        return self._api_answer(request, account)

    def _api_answer(self, request: Request, account: Account) -> Answer:
        if request.path == "/posts.json":
            return self._posts_answer(request, account)
        if found := re.fullmatch(r"/posts/(\d+)\.json", request.path):
            return self._post_answer(request, account, int(found[1]))
        if request.path == "/counts/posts.json":
            return self._count_answer(request, account)
        if request.path == "/tags.json":
            return views.tags(request, self.posts)
        if request.path == "/related_tag.json":
            return views.related_tags(request, self.posts)
        return views.error(404, "ActionController::RoutingError", "That page does not exist")

    def _account(self, request: Request) -> Account | None:
        """Return whose request it is; None if the key is wrong."""
        login, key = request.query.get("login", ""), request.query.get("api_key", "")
        if (header := request.headers.get("authorization", "")).startswith("Basic "):
            login, _, key = base64.b64decode(header[6:]).decode().partition(":")
        if not login and not key:
            return self.rules.visitors
        account = self.rules.accounts.get(login)
        return account if account and account.api_key == key else None

    def _search(self, request: Request, account: Account) -> Search | None:
        """Return what is searched for; None for nonsense."""
        try:
            search = parsed(request.query.get("tags", ""), datetime.now(ZoneInfo(account.zone)))
        except Nonsense:
            return None
        if _is_safe(request, account):
            search.matches.append(lambda post, facts: post.rating == "g")
        return search

    def _posts_answer(self, request: Request, account: Account) -> Answer:
        search = self._search(request, account)
        if search is None:
            return json_answer([])
        if search.exceeds(account.tag_limit):
            message = f"You cannot search for more than {account.tag_limit} tags at a time."
            return views.error(422, "PostQuery::TagLimitError", message)
        try:
            found = self._listing.page(
                search, request.query.get("page", "1"), _limit(request, search), account.page_limit
            )
        except PageRefused:
            message = f"You cannot go beyond page {account.page_limit}."
            return views.error(410, "PaginationExtension::PaginationError", message)
        return json_answer([self._view(post, request, account) for post in found])

    def _post_answer(self, request: Request, account: Account, number: int) -> Answer:
        post = self._posts.get(number)
        if post is None:
            return views.error(404, "ActiveRecord::RecordNotFound", "That record was not found.")
        return json_answer(self._view(post, request, account))

    def _count_answer(self, request: Request, account: Account) -> Answer:
        search = self._search(request, account)
        number = self._listing.count(search) if search else 0
        return json_answer({"counts": {"posts": None if self.rules.counts_are_unknown else number}})

    def _view(self, post: Post, request: Request, account: Account) -> dict[str, Any]:
        is_hidden = post.is_hidden and not (account.sees_restricted and post.is_restricted)
        is_hidden = is_hidden or (_is_safe(request, account) and post.rating != "g")
        fields = views.post(
            post, self._pictures.facts(post.picture), self.files.address, ZoneInfo(account.zone), is_hidden
        )
        return views.chosen(fields, request.query.get("only"))

    def _file(self, request: Request, variant: str, md5: str, extension: str) -> Answer:
        post = self._post_of(md5)
        if post is None or extension != (post.picture.extension if variant == "original" else "jpg"):
            return text_answer("<h1>404 Not Found</h1>", 404, "text/html")
        data = self.file(post)
        if variant != "original":
            data = reduced(data, _LONGEST[variant])
        return file_answer(request, data, f"{md5}-{variant}", post.updated_at, extension)

    def _post_of(self, md5: str) -> Post | None:
        """Return the post that has a file now, be it hidden or not."""
        known = self._by_md5.get(md5)
        if known is None or self._posts[known.id] is not known:
            self._by_md5 = {self.md5(post): post for post in self.posts}
        return self._by_md5.get(md5)


def _is_safe(request: Request, account: Account) -> bool:
    return account.is_in_safe_mode or request.query.get("safe_mode", "").lower() in ("true", "1", "yes")


def _limit(request: Request, search: Search) -> int:
    asked = request.query.get("limit", "")
    number = int(asked) if asked.isdecimal() else search.limit or 20
    return min(200, max(0, number))
