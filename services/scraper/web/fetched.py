"""A file that has been fetched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fetched:
    """The bytes of an item, and what its provenance record shall say about it (JSON values).

    If the source has not said how many bytes there are (`of_known_length`), some may be missing at the end. The
    digests are in hexadecimal, and None where nobody has computed them on the way.
    """

    data: bytes
    facts: Mapping[str, Any]
    of_known_length: bool = True
    md5: str | None = None
    sha256: str | None = None
