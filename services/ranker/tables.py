"""Tables of a ranking, as CSV and as Parquet."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow
from pyarrow import parquet

Row = Mapping[str, Any]
"""The values of a row by column; None where there is none."""

Columns = Mapping[str, type[str | int | float]]
"""The columns of a table in order, each with the type of its values."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that a spreadsheet program would calculate."""

_TYPES = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}


def as_csv(rows: Sequence[Row], columns: Columns) -> bytes:
    """Encode rows as CSV in UTF-8. Numbers come back as they were, and no text begins as a formula does."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # its line ends, CRLF, are those of RFC 4180: with others it quotes no CR in a cell
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def as_parquet(rows: Sequence[Row], columns: Columns) -> bytes:
    """Encode rows as Parquet, with columns of their types; what is None is null."""
    schema = pyarrow.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
    values = [pyarrow.array([_expressible(row[name]) for row in rows], schema.field(name).type) for name in columns]
    sink = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(values, schema=schema), sink)
    return sink.getvalue()


def read_column(data: bytes, key: str, value: str) -> dict[Any, Any]:
    """Return the values of one column of a Parquet table by those of another. Raises ValueError for anything else."""
    table = parquet.read_table(io.BytesIO(data), columns=[key, value])
    return dict(zip(table.column(key).to_pylist(), table.column(value).to_pylist(), strict=True))


def _cell(value: str | int | float | None) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None else repr(value)


def _expressible(value: str | int | float | None) -> str | int | float | None:
    """Return a text without what UTF-8 cannot express: names of files can hold that."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
