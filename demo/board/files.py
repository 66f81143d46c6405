"""Files as picture hosts serve them: with ETag, Last-Modified, and parts of them by Range."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from demo.board.messages import Answer, Request

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
CONTENT_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "zip": "application/zip",
    "mp4": "video/mp4",
    "webm": "video/webm",
}


def file_answer(request: Request, data: bytes, tag: str, changed: datetime, extension: str) -> Answer:
    """Answer with a file or the part of it that is asked for. `tag` names this version of the file."""
    etag, modified = f'"{tag}"', format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True)
    headers = {
        "Content-Type": CONTENT_TYPES.get(extension, "application/octet-stream"),
        "ETag": etag,
        "Last-Modified": modified,
        "Accept-Ranges": "bytes",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Answer(304, headers=headers)
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if not asked or asked[0] == "bytes=-" or not _same(request.headers.get("if-range"), etag, modified):
        return Answer(200, data, headers)
    start, end = _part(asked[1], asked[2], len(data))
    if start >= end:
        return Answer(416, b"", headers | {"Content-Range": f"bytes */{len(data)}"})
    return Answer(206, data[start:end], headers | {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"})


def _same(condition: str | None, etag: str, modified: str) -> bool:
    """Return whether an If-Range speaks of the present version of a file."""
    if condition is None or condition == etag:
        return True
    try:
        return parsedate_to_datetime(condition) == parsedate_to_datetime(modified)
    except ValueError:
        return False


def _part(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1 if last else size)
