"""The loopback Pixiv: the app's API, sign-in, the web pages' API and the picture host.

By hand: `python -m tests.servers.boards.pixiv --works 240` prints its two addresses and a refresh token.
"""

import argparse
import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

from PIL import Image

from demo.board.files import file_answer
from demo.board.messages import Answer, Around, Log, Request, json_answer, text_answer
from demo.board.pictures import Pictures, reduced
from demo.board.server import Server
from tests.servers.boards import pixiv_answers as answers
from tests.servers.boards.by_hand import hold_signals, serve
from tests.servers.boards.faults import NAMED, read
from tests.servers.boards.injection import Faults
from tests.servers.boards.sign_in import SignIn
from tests.servers.boards.work_search import PAGE, Refused, found, next_address, offset_of
from tests.servers.boards.works import Work, Works, work, works_of

REFRESH_TOKEN = "refresh-token-of-anya"
_FILE = re.compile(
    r"(?:/c/\w+)?/img-(original|master)/img/([\d/]+)/((\d+)_(?:p|ugoira)(\d+))(?:_(?:master|square)1200)?\.(\w+)"
)
_AJAX = re.compile(r"/ajax/illust/(\d+)(/pages)?")


@dataclass(frozen=True)
class Rules:
    """The account, and how the board behaves towards it."""

    is_premium: bool = False
    calls_per_token: int | None = None
    """Calls after which an access token is over early; None: it is good for an hour."""
    new_work_every: int | None = None
    """Searches after which a new work appears, and all offsets shift."""


class Pixiv:
    """The board: everything but the pictures is at `address`, the pictures are at `files.address`."""

    def __init__(
        self,
        works: Iterable[Work] | Works | None = None,
        rules: Rules | None = None,
        around: Around | None = None,
        sign_in: SignIn | None = None,
        port: int = 0,
        files_host: str = "127.0.0.1",
    ) -> None:
        self._mixture = works if isinstance(works, Works) else Works()
        made = works_of(self._mixture) if works is None or isinstance(works, Works) else works
        self.rules = rules or Rules()
        self.works = {each.id: each for each in made}
        self.sign_in = sign_in or SignIn(REFRESH_TOKEN, self.rules.is_premium, self.rules.calls_per_token)
        self._pictures = Pictures()
        self._lock = threading.Lock()
        self._searches = 0
        self.api = Server(self._answer, around, port=port)
        self.files = Server(self._file, around, host=files_host)
        self._servers = ExitStack()

    @property
    def address(self) -> str:
        return self.api.address

    @property
    def log(self) -> Log:
        """The log of everything but the picture host; that of the pictures is `files.log`."""
        return self.api.log

    def file(self, shown: Work, page: int) -> bytes:
        """The bytes of a page's original."""
        return self._pictures.data(shown.pages[page])

    def change(self, number: int, **fields: Any) -> Work:
        """Change fields of a work, such as `is_gone` or `bookmarks`."""
        with self._lock:
            self.works[number] = replace(self.works[number], **fields)
            return self.works[number]

    def add(self) -> Work:
        """Let a new work appear."""
        with self._lock:
            new = work(self._mixture, len(self.works))
            self.works[new.id] = new
            return new

    def __enter__(self) -> Self:
        for server in (self.api, self.files):
            self._servers.enter_context(server)
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.close()

    def _answer(self, request: Request) -> Answer:
        if found_path := _AJAX.fullmatch(request.path):
            return self._ajax(request, int(found_path[1]), bool(found_path[2]))
        open_to_all = {"/auth/token": self.sign_in.token, "/web/v1/login": self.sign_in.login_page}
        if request.path in open_to_all:
            return open_to_all[request.path](request)
        signed_in: dict[str, Callable[[Request], Answer]] = {
            "/v1/search/illust": self._search,
            "/v1/illust/detail": self._detail,
            "/v1/user/detail": self._user,
        }
        if request.path not in signed_in:
            return answers.error(404, "The requested page does not exist")
        if not self.sign_in.accepts(request):
            return answers.invalid_grant()
        return signed_in[request.path](request)

    def _search(self, request: Request) -> Answer:
        self._shift_offsets()
        try:
            offset = offset_of(request.query)
            with self._lock:
                works = list(self.works.values())
            rows = found(request.query, works, self.rules.is_premium)
        except Refused as refusal:
            parameter, reason = refusal.args
            return answers.error(400, json.dumps({parameter: [reason]}), **{parameter: [reason]})
        is_last = offset + PAGE >= len(rows)
        return json_answer(
            {
                "illusts": [self._illust(each) for each in rows[offset : offset + PAGE]],
                "next_url": None if is_last else next_address(request.query, offset + PAGE),
                "search_span_limit": 31_536_000,
            }
        )

    def _shift_offsets(self) -> None:
        with self._lock:
            self._searches += 1
            is_due = self.rules.new_work_every and self._searches % self.rules.new_work_every == 0
        if is_due:
            self.add()

    def _illust(self, shown: Work) -> dict[str, Any]:
        return answers.illust(shown, self.files.address, self._pictures.facts(shown.pages[0]))

    def _detail(self, request: Request) -> Answer:
        shown = self._work(request.query.get("illust_id", ""))
        return json_answer({"illust": self._illust(shown)}) if shown else answers.error(404, "")

    def _user(self, request: Request) -> Answer:
        asked = request.query.get("user_id", "")
        count = sum(1 for each in self.works.values() if str(each.user_id) == asked and not each.is_gone)
        if not count:
            return answers.error(404, "")
        return json_answer({"user": answers.user(int(asked)), "profile": {"total_illusts": count}, "workspace": {}})

    def _work(self, number: str) -> Work | None:
        shown = self.works.get(int(number)) if number.isdecimal() else None
        return None if shown is None or shown.is_gone else shown

    def _ajax(self, request: Request, number: int, all_pages: bool) -> Answer:
        shown = self._work(str(number))
        if shown is None:
            return json_answer({"error": True, "message": "gone", "body": []}, 404)
        facts = [self._pictures.facts(page) for page in shown.pages]
        shows_files = shown.x_restrict == 0 or "PHPSESSID=" in request.headers.get("cookie", "")
        if all_pages and not shows_files:
            return json_answer({"error": True, "message": "sign in", "body": []}, 404)
        files = self.files.address
        pages = [answers.web_page(shown, page, files, fact) for page, fact in enumerate(facts)]
        body = pages if all_pages else answers.web_work(shown, files, facts[0], shows_files)
        return json_answer({"error": False, "message": "", "body": body})

    def _file(self, request: Request) -> Answer:
        if request.path == answers.LIMITED:
            return Answer(200, placeholder(), {"Content-Type": "image/png"})
        host = urlsplit(request.headers.get("referer", "")).hostname or ""
        if host != "pixiv.net" and not host.endswith(".pixiv.net"):
            return text_answer("<h1>403 Forbidden</h1>", 403, "text/html")
        asked = _FILE.fullmatch(request.path)
        shown = self._work(asked[4]) if asked else None
        page = int(asked[5]) if asked else 0
        if (
            not asked
            or not shown
            or page >= len(shown.pages)
            or asked.group(2, 3) != (shown.folder, shown.file_name(page))
        ):
            return text_answer("<h1>404 Not Found</h1>", 404, "text/html")
        return self._page(request, shown, page, asked[1], asked[6])

    def _page(self, request: Request, shown: Work, number: int, variant: str, extension: str) -> Answer:
        page = shown.pages[number]
        if extension != (page.extension if variant == "original" else "jpg"):
            return text_answer("<h1>404 Not Found</h1>", 404, "text/html")
        data = self._pictures.data(page)
        tag = f"{self._pictures.facts(page).md5}-{variant}"
        return file_answer(
            request, data if variant == "original" else reduced(data, 1200), tag, shown.created_at, extension
        )


@cache
def placeholder() -> bytes:
    """The picture that stands in the place of limited works: grey, the same for all."""
    file = io.BytesIO()
    Image.new("RGB", (360, 360), "#999").save(file, "PNG")
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="A Pixiv on loopback; prints its address, that of its pictures, and a refresh token."
    )
    parser.add_argument("--works", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--fault", type=read, action="append", default=[], help=f"NAME[@PATH[@TIMES[@AFTER]]]: {', '.join(NAMED)}"
    )
    asked = parser.parse_args()
    faults = Faults(*asked.fault)
    hold_signals()
    with Pixiv(Works(asked.works, asked.seed), around=faults, port=asked.port) as board:
        serve([board.api, board.files], REFRESH_TOKEN)


if __name__ == "__main__":
    main()
