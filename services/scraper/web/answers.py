"""What the head of an answer means, and what its body is once its encoding is undone."""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.scraper.web.interface import Reply
from shared.contract.reasons import Drop, Reason


@dataclass(frozen=True)
class Redirect:
    """Another address to ask; of the answers' `status`, only 307 and 308 mean to send a form there too."""

    to: str
    status: int


@dataclass(frozen=True)
class Later:
    """Nothing now, but perhaps after a while: after `seconds`, if the server says.

    `refused` if the host has asked to be left alone, `unreachable` if it has not answered at all; `reply` is what an
    API has said.
    """

    detail: str
    seconds: float | None = None
    refused: bool = False
    unreachable: bool = False
    reply: Reply | None = None


@dataclass(frozen=True)
class Head:
    """Status and headers of an answer: names in lower case, and the values of one that comes twice joined."""

    status: int
    reason: str
    headers: Mapping[str, str]
    cookies: tuple[str, ...] = ()

    @classmethod
    def of(cls, status: int, reason: bytes, raw: Iterable[tuple[bytes, bytes]]) -> "Head":
        """Read the head that came over the wire."""
        headers: dict[str, str] = {}
        cookies = []
        for name, value in raw:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            if key == "set-cookie":
                cookies.append(text)
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        return cls(status, reason.decode("ascii", "replace")[:80], headers, tuple(cookies))

    @property
    def text(self) -> str:
        """The status as a person knows it."""
        return f"HTTP {self.status} {self.reason}"

    @property
    def length(self) -> int | None:
        """The number of bytes of the body, if the server says."""
        value = self.headers.get("content-length", "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None

    @property
    def encoding(self) -> str:
        """The encoding of the body; `identity` is none."""
        return self.headers.get("content-encoding", "identity").strip().lower() or "identity"

    @property
    def location(self) -> str | None:
        """The place that the answer redirects to."""
        return self.headers.get("location") if self.status in (301, 302, 303, 307, 308) else None


def is_gone(drop: Drop) -> bool:
    """Return whether a file was refused because it is not there, or not any more."""
    return drop.reason is Reason.FETCH_FAILED and drop.detail.startswith(("HTTP 404 ", "HTTP 410 "))


_OPT_OUTS = {"noai", "noimageai", "noindex", "none"}
"""Words of X-Robots-Tag that keep a picture out of a data set. `none` means noindex, nofollow (Google's reference);
noai and noimageai are DeviantArt's. They are heeded for whichever robot they are meant."""

_CHALLENGES = re.compile(
    rb"<title>\s*Just a moment|/cdn-cgi/challenge-platform/\w+/\w+/orchestrate/|_cf_chl_opt"
    rb"|id=.challenge-form|<title>\s*DDoS-Guard"
    rb"|<title>\s*Attention Required! \| Cloudflare|Checking your browser before"
    rb"|Enable JavaScript and cookies to continue",
    re.IGNORECASE,
)
"""Words of pages that keep programs out."""


def is_challenge(head: Head, body: bytes) -> bool:
    """Return whether an answer wants a person, with a browser, to prove that there is one."""
    if head.status not in (401, 403, 429, 503):
        return False
    if "challenge" in head.headers.get("cf-mitigated", "").lower():
        return True
    return "html" in head.headers.get("content-type", "").lower() and _CHALLENGES.search(body) is not None


def later(head: Head, now: datetime) -> Later | None:
    """Return `Later` for an answer that asks to come again, None for others."""
    seconds, status = retry_after(head.headers, now), head.status
    refused = status in (429, 503) or (status == 403 and seconds is not None)
    if refused or status == 408 or status >= 500:
        return Later(head.text, seconds, refused)
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that the header Retry-After asks for (RFC 9110, 10.2.3: number or date), None without one."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        return max(0.0, (parsedate_to_datetime(value).astimezone(UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def opt_out(head: Head) -> Drop | None:
    """Return a `Drop` if the owner of a picture does not want it in a data set."""
    robots = head.headers.get("x-robots-tag", "")
    if robots and _OPT_OUTS & set(re.findall(r"[a-z]+", robots.lower())):
        return Drop(Reason.OPTED_OUT, f"X-Robots-Tag: {robots[:200]}")
    return None


def unpacked(data: bytes, encoding: str, max_bytes: int) -> bytes | Drop:
    """Undo a content encoding; no more than `max_bytes` come of it."""
    if encoding == "identity":
        return data
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return Drop(Reason.FETCH_FAILED, f"in the content encoding {encoding[:40]}, which was not asked for")
    either = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        found = either.decompress(data, max_bytes + 1)
    except zlib.error as error:
        return Drop(Reason.FETCH_FAILED, f"its {encoding} encoding is damaged: {error}")
    if len(found) > max_bytes:
        return too_many(max_bytes)
    return found if either.eof else Drop(Reason.FETCH_FAILED, f"its {encoding} encoding ends too early")


def too_many(max_bytes: int, count: int | None = None) -> Drop:
    """Return the `Drop` of a body with more than `max_bytes`; `count` if it says how many it has."""
    return Drop(Reason.TOO_MANY_BYTES, f"{'more' if count is None else count} bytes, at most {max_bytes} are fetched")
