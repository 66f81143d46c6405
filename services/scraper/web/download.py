"""A file on its way: what has come of it, how to ask for the rest, and whether it is what was expected."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from services.scraper.web.answers import Head, Later, opt_out, too_many, unpacked
from services.scraper.web.fetched import Fetched
from services.scraper.web.interface import Expected
from shared.contract.reasons import Drop, Reason

MISMATCHES = 2
"""How often a file that is not what was expected is asked for again."""

_CLOCKS_DIFFER = 60.0
"""Seconds by which a file must be older than its answer for its date to tell versions apart (RFC 9110, 8.8.2.2)."""

_PART = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")


class Download:
    """Receives a file in one or more answers. No more than `max_bytes` are received, packed or unpacked."""

    most_of_an_error = 2**16

    def __init__(self, max_bytes: int, expected: Expected) -> None:
        self._max_bytes = max_bytes
        self._expected = expected
        self._mismatches = 0
        self._start_again()

    def _start_again(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._total: int | None = None
        self._validator: str | None = None

    def headers(self) -> Mapping[str, str]:
        """Return the headers that ask for the rest, and after a mismatch for another copy than that of a cache."""
        if self._size and self._validator:
            return {"Range": f"bytes={self._size}-", "If-Range": self._validator}
        return {"Cache-Control": "no-cache"} if self._mismatches else {}

    def receive(self, head: Head, body: Iterator[bytes], address: str) -> Fetched | Drop | Later:
        """Take an answer: the whole file, or the part that was asked for."""
        asked_for_rest = "Range" in self.headers()
        if head.status == 416 and asked_for_rest:
            self._start_again()
            return Later(f"{head.text}: the file has changed", 0.0)
        if head.status not in (200, 206) or (head.status == 206 and not asked_for_rest):
            return Drop(Reason.FETCH_FAILED, head.text)
        if refused := opt_out(head):
            return refused
        if head.status == 200:
            self._start_again()
            self._total = head.length
        elif not self._continues(head):
            self._start_again()
            return Later("another part of the file than the one that was asked for", 0.0)
        return self._whole(head) or self._taken(head, body) or self._rest() or self._complete(head, address)

    def _continues(self, head: Head) -> bool:
        """Return whether a part belongs behind what has come, of the same version of the file."""
        part = _PART.fullmatch(head.headers.get("content-range", ""))
        if part is None or int(part[1]) != self._size:
            return False
        name = "etag" if self._validator and self._validator.startswith('"') else "last-modified"
        self._total = self._total if part[3] == "*" else int(part[3])
        return head.headers.get(name, self._validator) == self._validator

    def _rest(self) -> Later | None:
        """Return `Later` if the answer was less than the rest of the file, as a host may answer with any part of it."""
        if self._total is None or self._size >= self._total:
            return None
        return Later(f"{self._size} of {self._total} bytes came", 0.0)

    def _whole(self, head: Head) -> Drop | Later | None:
        """Return why there is no need to receive the body, None if there is."""
        if head.length is None:
            return None
        size = self._size + head.length
        if head.encoding == "identity" and self._expected.bytes not in (None, size):
            return self._mismatch(f"{size} bytes came")
        return too_many(self._max_bytes, size) if size > self._max_bytes else None

    @property
    def _most(self) -> int:
        """The most bytes that the file can have: what is more is another file than the one that was listed."""
        return self._max_bytes if self._expected.bytes is None else self._expected.bytes

    def _too_many(self) -> Drop | Later:
        if self._expected.bytes is not None:
            return self._mismatch("more came")
        return too_many(self._max_bytes)

    def _taken(self, head: Head, body: Iterator[bytes]) -> Drop | Later | None:
        if head.encoding == "identity" and head.status == 200:
            self._validator = strong_validator(head)
        for part in body:
            self._size += len(part)
            if self._size > (self._most if head.encoding == "identity" else self._max_bytes):
                return self._too_many()
            self._parts.append(part)
            self._md5.update(part)
            self._sha256.update(part)
        return None

    def _complete(self, head: Head, address: str) -> Fetched | Drop | Later:
        data = unpacked(b"".join(self._parts), head.encoding, self._most)
        self._parts = []
        if isinstance(data, Drop):
            return self._too_many() if data.reason is Reason.TOO_MANY_BYTES else data
        if head.encoding != "identity":
            self._md5, self._sha256 = hashlib.md5(data, usedforsecurity=False), hashlib.sha256(data)
        md5 = self._md5.hexdigest()
        if self._expected.bytes not in (None, len(data)):
            return self._mismatch(f"{len(data)} bytes came")
        if self._expected.md5 is not None and self._expected.md5.lower() != md5:
            return self._mismatch(f"{len(data)} bytes with the MD5 {md5} came")
        known = head.length is not None or "chunked" in head.headers.get("transfer-encoding", "")
        return Fetched(data, _facts(head, address), known, md5, self._sha256.hexdigest())

    def _mismatch(self, came: str) -> Drop | Later:
        self._start_again()
        self._mismatches += 1
        size = f"{self._expected.bytes} bytes" if self._expected.bytes is not None else ""
        md5 = f"the MD5 {self._expected.md5}" if self._expected.md5 is not None else ""
        detail = f"{' with '.join(filter(None, (size, md5)))} expected, {came}"
        if self._mismatches > MISMATCHES:
            return Drop(Reason.FETCH_FAILED, f"{detail}, {self._mismatches} times")
        return Later(detail, 0.0)


def strong_validator(head: Head) -> str | None:
    """Return what tells this version of a file from all others (RFC 9110, 8.8.1): an ETag, or a date long ago."""
    tag = head.headers.get("etag", "")
    if tag.startswith('"') and tag.isprintable():
        return tag
    modified = head.headers.get("last-modified", "")
    try:
        age = parsedate_to_datetime(head.headers.get("date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, OverflowError):
        return None
    return modified if not tag and age.total_seconds() >= _CLOCKS_DIFFER else None


def _facts(head: Head, address: str) -> dict[str, str | None]:
    return {
        "name": unquote(PurePosixPath(httpx.URL(address).path).name),
        "url": address,
        "media_type": head.headers.get("content-type"),
        "modified": head.headers.get("last-modified"),
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
    }
