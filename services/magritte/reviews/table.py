"""The table `review.csv` of an exported review: written for spreadsheets, read as spreadsheets save it."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.magritte.spreadsheet import read_table

TABLE_NAME = "review.csv"

COLUMNS = ("file", "face", "decision", "why", "box", "angle", "score", "mostly", "name", "origin")
"""The two columns `decision` and `why` are empty: they are for whoever reviews."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters by which a spreadsheet takes a text for a formula."""

_FROM_OUTSIDE = ("name", "origin")


@dataclass(frozen=True)
class Row:
    """A row of the table as it was read, with its line; what a row lacks is empty."""

    line: int
    file: str
    face: str
    decision: str
    why: str
    box: str
    angle: str


def encode_table(rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return a table as UTF-8 with a mark at its beginning, by which spreadsheets know it.

    A cell from outside that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _harmless(name, row.get(name, "")) for name in COLUMNS} for row in rows)
    return text.getvalue().encode("utf-8-sig", "replace")


def _harmless(column: str, value: object) -> object:
    is_formula = column in _FROM_OUTSIDE and str(value).startswith(_FORMULA)
    return f"'{value}" if is_formula else value


def decode_table(content: bytes, name: str) -> list[Row]:
    """Read a table as a spreadsheet or an editor has saved it; raises `Unreadable`, which names the file."""
    names = ("file", "face", "decision", "why", "box", "angle")
    lines = read_table(content, ("file", "decision"), name, _REMEDY)
    return [Row(line.number, *(line.cells.get(each, "") for each in names)) for line in lines]


_REMEDY = "Save it as CSV once more, or delete it: then only the pictures count"
