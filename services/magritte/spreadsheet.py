"""Reads tables as spreadsheets and editors save them."""

import csv
import io
from collections.abc import Collection
from typing import NamedTuple

from shared.contract.errors import Unreadable

_DELIMITERS = (",", ";", "\t")
"""Spreadsheets separate columns by one of these, depending on the country."""


class Line(NamedTuple):
    """A row, with the number of the line that it ends in; what it lacks is empty, and cells have no space around."""

    number: int
    cells: dict[str, str]


def read_table(content: bytes, needed: Collection[str], name: str, remedy: str) -> list[Line]:
    """Read a table whose first line has the columns `needed`; raises `Unreadable`, which names the file and the line.

    Columns may be in any order, in capitals or not, separated by commas, semicolons or tabs; the text is UTF-8, UTF-16
    or Windows-1252.
    """
    text = _text(content)
    for delimiter in _DELIMITERS:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
        try:
            columns = [str(column).strip().lower() for column in reader.fieldnames or ()]
            if set(needed) <= set(columns):
                reader.fieldnames = columns
                return [Line(reader.line_num, _cells(cells)) for cells in reader]
        except csv.Error as error:
            raise Unreadable(f"{name}:{reader.line_num}: {error}", remedy) from error
    wanted = " and ".join(", ".join(f"`{column}`" for column in needed).rsplit(", ", 1))
    raise Unreadable(f"{name} has no line with the columns {wanted} at its beginning", remedy)


def _cells(row: dict[str | None, str | list[str] | None]) -> dict[str, str]:
    return {str(column): str(cell or "").strip() for column, cell in row.items() if column is not None}


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
