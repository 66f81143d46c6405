"""Asks Pixiv's servers for JSON: waits where one says that it is asked too often, and asks again for half an answer."""

import json
from typing import Any
from urllib.parse import urlsplit

from services.scraper.web.interface import Reply, Request, Web
from shared.contract.errors import HostRefuses, Transient

TRIES = 6
"""Of one request, beside those that `Web` makes by itself."""

Body = dict[str, Any]


def request_json(web: Web, request: Request) -> tuple[int, Body]:
    """Return the status and JSON object that a server answers with.

    Raises `HostRefuses` when it says again and again that it is asked too often, `Transient` when it is out of order,
    as when what it sends with status 200 is never a whole object.
    """
    problem: Exception | None = None
    for attempt in range(TRIES):
        if attempt:
            web.hold(request.address)
        reply = web.send(request)
        if reply.status in (408, 429) or reply.status >= 500:
            raise Transient(f"{_host(request)} answers HTTP {reply.status}")
        body = _object(reply)
        if _is_rate_limit(reply.status, body):
            problem = HostRefuses(f"{_host(request)} says that it is asked too often, {attempt + 1} times in a row")
        elif reply.status == 200 and body is None:
            problem = Transient(f"{_host(request)} sends no whole JSON, {attempt + 1} times in a row")
        else:
            return reply.status, body or {}
    raise problem or AssertionError


def words_of(body: Body) -> str:
    """Return what an error of Pixiv's API says."""
    error = body.get("error")
    words = error.get("message") or error.get("user_message") if isinstance(error, dict) else None
    return str(words or "")


def _object(reply: Reply) -> Body | None:
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _is_rate_limit(status: int, body: Body | None) -> bool:
    return status == 403 and body is not None and words_of(body).lower() == "rate limit"


def _host(request: Request) -> str:
    return urlsplit(request.address).netloc
