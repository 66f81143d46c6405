import pytest

from shared.ledger.columns import NONE, Codes, Columns, Entries

A, B = "0a" * 10, "0b" * 10


def test_equal_values_have_one_code_and_none_has_that_of_no_value() -> None:
    codes = Codes[str]()
    first, second = codes.of("scraper"), codes.of("deduper")
    assert codes.of("scraper") == first != second
    assert NONE not in (first, second)
    assert (codes[first], codes[second]) == ("scraper", "deduper")


def test_a_new_row_is_all_zeros_and_keeps_what_it_is_given() -> None:
    columns = Columns({"faces": "H", "arrival": "I"})
    assert (columns.append(), columns.append()) == (0, 1)
    columns.faces[1], columns.arrival[1] = 65_535, 4_294_967_295
    assert (columns.faces[0], columns.faces[1], columns.arrival[1]) == (0, 65_535, 4_294_967_295)
    assert len(columns) == 2


def test_a_column_that_was_not_asked_for_is_an_error() -> None:
    with pytest.raises(AttributeError):
        _ = Columns({"faces": "H"}).arrival


def test_entries_have_rows_in_the_order_in_which_they_come() -> None:
    entries = Entries()
    assert (entries.add(B), entries.add(A)) == (0, 1)
    assert (entries.find(A), entries.find("0c" * 10)) == (1, None)
    assert list(entries) == [B, A]
    assert len(entries) == 2
