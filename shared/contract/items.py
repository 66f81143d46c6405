"""What a message or a fact is about: a picture of a run, one of its faces, or the run as a whole."""

import re
from dataclasses import dataclass

_ENTRY = re.compile(r"([0-9a-f]{20})(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or address that a source of the run lists."""

    entry: str

    def __str__(self) -> str:
        return self.entry


@dataclass(frozen=True, slots=True)
class Face:
    """Face `number` (from 0) of an entry's picture."""

    entry: str
    number: int

    def __str__(self) -> str:
        return f"{self.entry}.{self.number}"


@dataclass(frozen=True, slots=True)
class WholeRun:
    """The run itself."""

    def __str__(self) -> str:
        return "run"


Item = Entry | Face | WholeRun


def parse_item(text: str) -> Item:
    """Return the item that prints as `text`; raises `ValueError` for any other text."""
    if text == str(WholeRun()):
        return WholeRun()
    match = _ENTRY.fullmatch(text)
    if match is None:
        raise ValueError(f"not an item: {text[:80]!r}")
    return Entry(match[1]) if match[2] is None else Face(match[1], int(match[2]))
