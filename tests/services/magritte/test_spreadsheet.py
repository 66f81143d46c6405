import pytest

from services.magritte.spreadsheet import read_table
from shared.contract.errors import Unreadable

TEXT = "Name, Decision\nÄnn , drop \nBen,\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_however_it_was_saved(delimiter: str, encoding: str) -> None:
    content = TEXT.replace(",", delimiter).replace("\n", "\r\n").encode(encoding)
    first, second = read_table(content, ("decision",), "t.csv", "Save it again")
    assert (first.number, first.cells) == (2, {"name": "Änn", "decision": "drop"})
    assert second.cells == {"name": "Ben", "decision": ""}


def test_a_table_without_the_columns_is_named_with_them() -> None:
    with pytest.raises(Unreadable, match=r"t\.csv has no line with the columns `name` and `why` at its beginning"):
        read_table(TEXT.encode(), ("name", "why"), "t.csv", "Save it again")


def test_a_table_that_is_damaged_is_named_with_the_line() -> None:
    with pytest.raises(Unreadable, match=r"t\.csv:1: field larger"):
        read_table(b"name\n" + b"x" * 200_000 + b"\n", ("name",), "t.csv", "Save it again")
