"""What can go wrong at a board, and names for it. Which requests it happens to is said by `Fault`."""

import json
import threading
import time
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from demo.board import views
from demo.board.messages import Answer, Handle, Request, json_answer, text_answer
from tests.servers.boards import pixiv_answers
from tests.servers.boards.bombs import bomb_gzip, bomb_png
from tests.servers.boards.injection import Fault, Spoil


def _always(answer: Answer) -> Spoil:
    return lambda request, handle: answer


def _changed(change: Callable[[Answer], Answer]) -> Spoil:
    return lambda request, handle: change(handle(request))


def too_many_requests(retry_after: int | None = None) -> Spoil:
    """429: of a front end with seconds to wait, Danbooru's own without."""
    answer = views.error(429, "RateLimiter::RateLimitError", "Rate limit exceeded", _points({"read": -1.0}))
    if retry_after is None:
        return _always(answer)
    return _always(Answer(429, b"slow down", {"Retry-After": str(retry_after)}))


def unavailable(seconds: int | None = None) -> Spoil:
    """503, with the date after which to come again, or without."""

    def answer(request: Request, handle: Handle) -> Answer:
        if seconds is None:
            return text_answer("<h1>503</h1>", 503, "text/html")
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return Answer(503, b"<h1>503</h1>", {"Retry-After": later, "Content-Type": "text/html"})

    return answer


def slow_search(seconds: float = 0) -> Spoil:
    """500, as a search ends that takes longer than its visitor may."""

    def answer(request: Request, handle: Handle) -> Answer:
        time.sleep(seconds)
        return views.error(500, "ActiveRecord::QueryCanceled", "The database timed out running your query.")

    return answer


class RequestsPerSecond:
    """A host that allows so many requests a second: each costs a point, also when refused, down to -30."""

    LOWEST = -30.0

    def __init__(
        self,
        rate: float,
        burst: float = 1,
        refusal: Spoil | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst, self._refusal, self._clock = rate, burst, refusal or too_many_requests(), clock
        self._lock = threading.Lock()
        self._points, self._at = burst, clock()

    def __call__(self, request: Request, handle: Handle) -> Answer:
        with self._lock:
            now = self._clock()
            self._points = min(self._burst, self._points + (now - self._at) * self._rate)
            self._at = now
            is_refused = self._points < 1
            self._points = max(self.LOWEST, self._points - 1)
        return self._refusal(request, handle) if is_refused else handle(request)

    @property
    def points(self) -> float:
        """The points that were left after the last request."""
        return self._points


def with_points() -> Spoil:
    """A good answer with the points that are left: no time to wait, though its header looks like one."""
    return _changed(lambda answer: replace(answer, headers={**answer.headers, **_points({"read": 0.0})}))


def pixiv_rate_limit() -> Spoil:
    """403, which is what the API of Pixiv's app says to somebody who asks too often."""
    return _always(pixiv_answers.error(403, "Rate Limit"))


def _points(left: dict[str, float]) -> dict[str, str]:
    limits = {"action": "posts:index", "cost": 1, "rate": 1, "burst": 50, "limits": left}
    return {"X-Rate-Limit": json.dumps(limits)}


def cut(share: float = 0.5, chunked: bool = False) -> Spoil:
    """A body that ends early, though its length was announced, or in the middle of chunks."""
    return _changed(lambda answer: replace(answer, sent=int(len(answer.body) * share), chunked=chunked))


def wrong_bytes() -> Spoil:
    """A file of the right length, with other bytes in its middle."""

    def spoilt(answer: Answer) -> Answer:
        middle = len(answer.body) // 2
        inverted = bytes(255 - byte for byte in answer.body[middle : middle + 16])
        return replace(answer, body=answer.body[:middle] + inverted + answer.body[middle + 16 :])

    return _changed(spoilt)


def slowly(bytes_per_second: float = 40) -> Spoil:
    """A body that trickles."""
    return _changed(lambda answer: replace(answer, bytes_per_second=bytes_per_second))


def silent(seconds: float = 600) -> Spoil:
    """A good answer, after a long silence."""
    return _changed(lambda answer: replace(answer, delay=seconds))


def hang_up() -> Spoil:
    """A connection that is closed without an answer."""
    return _always(Answer(0))


def endless() -> Spoil:
    """A body without an end."""
    return _changed(lambda answer: replace(answer, body=answer.body or b"x", endless=True))


def half_a_page() -> Spoil:
    """The first half of a listing, complete as HTTP and no JSON."""
    return _changed(lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]))


def shorter_pages(rows: int) -> Spoil:
    """At most so many rows of a listing, whatever was asked for; of a Danbooru's, which is an array."""
    return _changed(lambda answer: json_answer(json.loads(answer.body)[:rows]) if answer.status == 200 else answer)


def not_found() -> Spoil:
    """404."""
    return _always(text_answer("<h1>404 Not Found</h1>", 404, "text/html"))


def redirect(to: str) -> Spoil:
    """A redirect: to a private address, to `file:///etc/passwd`, or wherever."""
    return _always(Answer(302, b"", {"Location": to}))


def redirect_loop() -> Spoil:
    """A redirect to the address that was asked for."""
    return lambda request, handle: Answer(302, b"", {"Location": request.path})


def challenge() -> Spoil:
    """The page by which a front end keeps programs out."""
    return _always(views.challenge())


def html_page(content_type: str = "text/html") -> Spoil:
    """A page in the place of a picture, with 200, and with the type of a page or a picture."""
    page = b"<!DOCTYPE html><title>Sorry</title><p>This picture cannot be shown.</p>"
    return _always(Answer(200, page, {"Content-Type": content_type}))


def noai() -> Spoil:
    """A file that its host does not want to be used for training."""
    return _changed(lambda answer: replace(answer, headers={**answer.headers, "X-Robots-Tag": "noai, noimageai"}))


def decompression_bomb() -> Spoil:
    """A small PNG of 50,000 by 50,000 pixels."""
    return _always(Answer(200, bomb_png(), {"Content-Type": "image/png"}))


def gzip_bomb(megabytes: int = 300) -> Spoil:
    """A body that is a thousandth of what it decompresses to, though nobody asked for gzip."""
    return _always(Answer(200, bomb_gzip(megabytes), {"Content-Type": "image/png", "Content-Encoding": "gzip"}))


NAMED: dict[str, Callable[[], Spoil]] = {
    "429": too_many_requests,
    "429-wait": lambda: too_many_requests(2),
    "503": unavailable,
    "503-date": lambda: unavailable(2),
    "points": with_points,
    "pixiv-rate-limit": pixiv_rate_limit,
    "slow-search": lambda: slow_search(3),
    "one-a-second": lambda: RequestsPerSecond(1),
    "ten-a-second": lambda: RequestsPerSecond(10, 10, too_many_requests(1)),
    "cut": cut,
    "cut-chunks": lambda: cut(chunked=True),
    "wrong-bytes": wrong_bytes,
    "slow": slowly,
    "silent": silent,
    "hang-up": hang_up,
    "endless": endless,
    "half-a-page": half_a_page,
    "short-pages": lambda: shorter_pages(100),
    "404": not_found,
    "to-private": lambda: redirect("http://10.0.0.1/x.png"),
    "to-file": lambda: redirect("file:///etc/passwd"),
    "loop": redirect_loop,
    "challenge": challenge,
    "html": html_page,
    "noai": noai,
    "bomb": decompression_bomb,
    "gzip-bomb": gzip_bomb,
}
"""Faults by the names that the command line knows."""


def read(text: str) -> Fault:
    """Parse NAME[@PATH[@TIMES[@AFTER]]]: `503@/original/*@28` hits the first 28 files."""
    name, path, times, after = (text.split("@") + [""] * 3)[:4]
    if name not in NAMED:
        raise ArgumentTypeError(f"{name} is none of {', '.join(NAMED)}")
    return Fault(NAMED[name](), path or "*", int(after or 0), int(times) if times else None)
