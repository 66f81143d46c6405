"""One request to one address, and what its answer means."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from services.scraper.sources.address import shown
from services.scraper.sources.source import Fetched
from shared.contract.reasons import Drop, Reason


@dataclass(frozen=True)
class Redirect:
    """The picture is somewhere else."""

    to: str


@dataclass(frozen=True)
class Later:
    """No picture now, but perhaps after a while: after `seconds`, if the server says."""

    detail: str
    seconds: float | None = None


Answer = Fetched | Drop | Redirect | Later

_OPT_OUTS = {"noai", "noimageai", "noindex", "none"}
"""Words of X-Robots-Tag that keep a picture out of a data set. `none` means noindex, nofollow (Google's reference);
noai and noimageai are DeviantArt's. They are heeded for whichever robot they are meant."""


class _Redirected(Exception):
    """Carries the location of a redirect, as the server wrote it, out of httpx, which would take it apart by itself."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


async def stop_at_redirect(response: httpx.Response) -> None:
    """Hand a redirect to `send_request`; a hook of the client's that `send_request` is given."""
    if response.has_redirect_location:
        raise _Redirected(response.headers["location"])


async def send_request(client: httpx.AsyncClient, url: httpx.URL, max_bytes: int) -> Answer:
    """Ask for the picture at `url`. No more than `max_bytes` are received, packed or unpacked."""
    request = client.build_request("GET", url, headers={"Host": url.netloc.decode("ascii")})
    try:
        response = await client.send(request, stream=True)
        try:
            return _verdict(response, max_bytes) or await _received(response, max_bytes)
        finally:
            await response.aclose()
    except _Redirected as redirected:
        return _redirect(url, redirected.location)
    except (httpx.LocalProtocolError, httpx.UnsupportedProtocol) as error:
        return Drop(Reason.FETCH_FAILED, f"it cannot be asked for: {error}"[:200])
    except httpx.HTTPError as error:
        return Later(f"{type(error).__name__}: {error}"[:200])


def _redirect(url: httpx.URL, location: str) -> Redirect | Drop:
    try:
        return Redirect(str(url.join(location)))
    except (httpx.InvalidURL, ValueError) as error:
        return Drop(Reason.FETCH_FAILED, f"redirected to no address, {shown(location)}: {error}"[:300])


def _verdict(response: httpx.Response, max_bytes: int) -> Answer | None:
    """Judge an answer by its status and headers; return None when the picture follows."""
    status, headers = response.status_code, response.headers
    if status in (408, 429) or status >= 500:
        return Later(f"HTTP {status} {response.reason_phrase}", retry_after(headers, datetime.now(UTC)))
    if status != 200:
        return Drop(Reason.FETCH_FAILED, f"HTTP {status} {response.reason_phrase}")
    robots = headers.get("x-robots-tag", "")
    if _OPT_OUTS & set(re.findall(r"[a-z]+", robots.lower())):
        return Drop(Reason.OPTED_OUT, f"X-Robots-Tag: {robots[:200]}")
    length = headers.get("content-length", "")
    return _too_many(max_bytes, length) if length.isdigit() and int(length) > max_bytes else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that the header Retry-After asks for (RFC 9110, 10.2.3: number or date), None without one."""
    value = headers.get("retry-after", "")
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value).astimezone(UTC) - now).total_seconds())
    except ValueError:
        return None


async def _received(response: httpx.Response, max_bytes: int) -> Answer:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            return _too_many(max_bytes)
    data = _unpacked(bytes(body), response.headers.get("content-encoding", "identity").lower(), max_bytes)
    of_known_length = "content-length" in response.headers
    return data if isinstance(data, Drop) else Fetched(data, _facts(response), of_known_length)


def _unpacked(data: bytes, encoding: str, max_bytes: int) -> bytes | Drop:
    """Undo a content encoding that a server applied though none was asked for."""
    if encoding == "identity":
        return data
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return Drop(Reason.FETCH_FAILED, f"in the content encoding {encoding[:40]}, which was not asked for")
    either = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        unpacked = either.decompress(data, max_bytes + 1)
    except zlib.error as error:
        return Drop(Reason.FETCH_FAILED, f"its {encoding} encoding is damaged: {error}")
    if len(unpacked) > max_bytes:
        return _too_many(max_bytes)
    return unpacked if either.eof else Drop(Reason.FETCH_FAILED, f"its {encoding} encoding ends too early")


def _too_many(max_bytes: int, length: str = "") -> Drop:
    return Drop(Reason.TOO_MANY_BYTES, f"{length or 'more'} bytes, at most {max_bytes} are fetched")


def _facts(response: httpx.Response) -> dict[str, str | None]:
    return {
        "name": unquote(PurePosixPath(response.url.path).name),
        "url": str(response.url),
        "media_type": response.headers.get("content-type"),
        "modified": response.headers.get("last-modified"),
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
    }
