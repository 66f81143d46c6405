"""Requests and answers of a board, and what its log keeps of them."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise


@dataclass(frozen=True)
class Request:
    """A request as it arrived. Names of headers are in lower case; of a parameter given twice the last one counts."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    client: tuple[str, int] = ("", 0)


@dataclass(frozen=True)
class Answer:
    """An answer, and how it is sent."""

    status: int = 200
    """0: the connection is closed without an answer."""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    """Bytes of the body that are sent before the connection is cut; None: all of them."""
    chunked: bool = False
    """Whether the body goes out in chunks, without Content-Length."""
    bytes_per_second: float | None = None
    """The speed of the body; None: as fast as it goes."""
    delay: float = 0
    """Seconds of silence before the answer."""
    endless: bool = False
    """Whether the body is repeated until the client hangs up, without Content-Length."""


Handle = Callable[[Request], Answer]
"""Answers a request."""

Around = Callable[[Request, Handle], Answer]
"""Answers a request with or without the help of the board's own `Handle`: faults are such functions."""


@dataclass(frozen=True)
class Entry:
    """A line of the log."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    time: float
    """When the request arrived, by `time.monotonic`."""
    status: int
    connections: int
    """Connections that were open when it arrived."""
    client: tuple[str, int]


class Log(list[Entry]):
    """The requests of a server in the order of their arrival. Look at it once they are answered."""

    def requests_for(self, path: str) -> list[Entry]:
        """Return the requests whose path matches `path`, which may have wildcards."""
        return [entry for entry in self if fnmatchcase(entry.path, path)]

    @property
    def smallest_pause(self) -> float:
        """The shortest time between the arrivals of two requests, in seconds; infinite for fewer than two."""
        times = sorted(entry.time for entry in self)
        return min((later - earlier for earlier, later in pairwise(times)), default=float("inf"))

    @property
    def most_connections(self) -> int:
        """The largest number of connections that were open when a request arrived."""
        return max((entry.connections for entry in self), default=0)


def json_answer(value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """Return `value` as an answer in JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **dict(headers)})


def text_answer(text: str, status: int = 200, content_type: str = "text/plain") -> Answer:
    """Return `text` as an answer."""
    return Answer(status, text.encode(), {"Content-Type": f"{content_type}; charset=utf-8"})
