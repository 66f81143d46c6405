"""Sets results of futures, and words the errors of the client library."""

import re
from asyncio import Future
from typing import Any


def resolve(future: "Future[Any]", value: object) -> None:
    """Set the result of a future, unless it is done: its waiter may have given up."""
    if not future.done():
        future.set_result(value)


def words_of(reason: Exception) -> str:
    """Return the text of an exception of the client library, or the broker's own text if it contains one."""
    words = getattr(reason, "reply_text", None) or f"{type(reason).__name__}: {', '.join(map(str, reason.args))}"
    quoted = re.search(r"ConnectionClosedByBroker: \(\d+\) '(.*)'", words)
    return quoted[1] if quoted else words
