"""What a source may ask of the web: answers of an API, and files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from services.scraper.web.fetched import Fetched
from shared.contract.reasons import Drop

MOST_BYTES_OF_AN_ANSWER = 32 * 2**20


@dataclass(frozen=True)
class Request:
    """A request: GET, or POST with the fields of a form. `secret` headers are never shown nor sent to another host."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Reply:
    """A host's answer: names of headers in lower case, the whole body, and the address after all redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str


@dataclass(frozen=True)
class Expected:
    """The MD5 (hexadecimal) and size of a file, as a board states them; None where it does not."""

    md5: str | None = None
    bytes: int | None = None


class Web(Protocol):
    """Asks hosts politely: at their pace, however many sources want something of them. Safe for many threads.

    Both methods wait for the host's turn, try again what may pass (408, 429, 5xx, broken connections), and hold a
    host for as long as it asks (Retry-After in seconds or as a date) or for a doubling pause. Both raise `HostRefuses`
    when the host has refused several times in a row or sends a challenge, `Transient` when it cannot be reached, and
    `Interrupted` when asked to stop.
    """

    def send(self, request: Request) -> Reply:
        """Return the answer of an API: one of 200, or of a refusal that trying again does not mend, such as 404."""
        ...

    def download(self, request: Request, expected: Expected = Expected()) -> Fetched | Drop:
        """Return a file that has the size and MD5 expected, or why it cannot be had."""
        ...

    def hold(self, address: str, seconds: float | None = None) -> None:
        """Ask the host of `address` nothing for `seconds`; without them, for a pause that doubles each time in a row.

        Raises `HostRefuses` after several times in a row without a good answer in between.
        """
        ...
