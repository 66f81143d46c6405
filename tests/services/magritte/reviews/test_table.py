import csv
import io

from services.magritte.reviews.table import COLUMNS, decode_table, encode_table


def test_cells_from_outside_are_no_formulas_and_numbers_stay_numbers() -> None:
    rows = [{"file": "1.png", "score": -0.5, "name": name, "origin": "a"} for name in ("=1+1", "+1", "-1", "@A1", "ok")]
    table = encode_table(rows).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["name"] for row in found] == ["'=1+1", "'+1", "'-1", "'@A1", "ok"]
    assert {row["score"] for row in found} == {"-0.5"}
    assert tuple(found[0]) == COLUMNS


def test_columns_may_be_in_another_order_and_rows_shorter() -> None:
    (row,) = decode_table(b"Decision ;FILE;why\r\ndrop;1.png\r\n", "review.csv")
    assert (row.file, row.decision, row.why, row.line) == ("1.png", "drop", "", 2)
