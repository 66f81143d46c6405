"""The table `review.csv` of an exported review: written for spreadsheets, read as spreadsheets save it."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.contract.errors import Unreadable

TABLE_NAME = "review.csv"

COLUMNS = ("file", "face", "decision", "why", "box", "angle", "score", "mostly", "name", "origin")
"""The two columns `decision` and `why` are empty: they are for whoever reviews."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters by which a spreadsheet takes a text for a formula."""

_FROM_OUTSIDE = ("name", "origin")

_DELIMITERS = (",", ";", "\t")
"""Spreadsheets separate columns by one of these, depending on the country."""


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
    """Read a table as a spreadsheet or an editor has saved it; raises `Unreadable`, which names the file.

    Columns may be in any order, separated by commas, semicolons or tabs; the text is UTF-8, UTF-16 or Windows-1252.
    """
    text = _text(content)
    for delimiter in _DELIMITERS:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
        try:
            columns = [str(column).strip().lower() for column in reader.fieldnames or ()]
            if {"file", "decision"} <= set(columns):
                reader.fieldnames = columns
                return [_row(reader.line_num, cells) for cells in reader]
        except csv.Error as error:
            raise Unreadable(f"{name}:{reader.line_num}: {error}", _REMEDY) from error
    raise Unreadable(f"{name} has no line with the columns `file` and `decision` at its beginning", _REMEDY)


_REMEDY = "Save it as CSV once more, or delete it: then only the pictures count"


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _row(line: int, cells: Mapping[str, str | Sequence[str] | None]) -> Row:
    def cell(name: str) -> str:
        return str(cells.get(name) or "").strip()

    names = ("file", "face", "decision", "why", "box", "angle")
    return Row(line, *map(cell, names))
