import csv
import io
import struct

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ranker.tables import Columns, as_csv, as_parquet, read_column

COLUMNS: Columns = {"rank": int, "quality": float, "name": str}
ROW = {"rank": 1, "quality": -1.5, "name": "a"}


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@given(st.floats(allow_nan=False), st.integers(-(2**53), 2**53))
def test_numbers_come_back_as_they_were(number: float, count: int) -> None:
    row = {"rank": count, "quality": number, "name": ""}
    (from_csv,) = rows_of(as_csv([row], COLUMNS))
    (from_parquet,) = pyarrow.parquet.read_table(io.BytesIO(as_parquet([row], COLUMNS))).to_pylist()
    for found in (float(from_csv["quality"]), from_parquet["quality"]):
        assert struct.pack("d", found) == struct.pack("d", number)
    assert int(from_csv["rank"]) == from_parquet["rank"] == count


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_begins_as_a_formula_does(text: str) -> None:
    data = as_csv([ROW | {"name": text}], COLUMNS)
    assert rows_of(data)[0]["name"] == f"'{text}"
    assert rows_of(data)[0]["quality"] == "-1.5"
    assert (
        pyarrow.parquet.read_table(io.BytesIO(as_parquet([ROW | {"name": text}], COLUMNS)))["name"][0].as_py() == text
    )


def test_what_is_not_known_is_empty_or_null() -> None:
    row = {"rank": 1, "quality": None, "name": None}
    assert as_csv([row], COLUMNS) == b"rank,quality,name\r\n1,,\r\n"
    table = pyarrow.parquet.read_table(io.BytesIO(as_parquet([row], COLUMNS)))
    assert [str(kind) for kind in table.schema.types] == ["int64", "double", "string"]
    assert table.to_pylist() == [row]


def test_names_that_no_encoding_expresses_are_written_all_the_same() -> None:
    row = ROW | {"name": 'a\udce9,"b"\n'}
    assert rows_of(as_csv([row], COLUMNS))[0]["name"] == 'a?,"b"\n'
    assert read_column(as_parquet([row], COLUMNS), "rank", "name") == {1: 'a?,"b"\n'}


def test_what_is_no_such_table_is_refused() -> None:
    with pytest.raises(ValueError, match="Parquet"):
        read_column(b"nothing", "rank", "name")
