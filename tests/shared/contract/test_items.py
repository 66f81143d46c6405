import pytest

from shared.contract.items import Entry, Face, WholeRun, parse_item

ENTRY = "0a" * 10


@pytest.mark.parametrize("item", [Entry(ENTRY), Face(ENTRY, 0), Face(ENTRY, 12), WholeRun()])
def test_an_item_is_read_back_from_its_text(item: Entry | Face | WholeRun) -> None:
    assert parse_item(str(item)) == item


@pytest.mark.parametrize("text", ["", "Run", "0a", f"{ENTRY}.", f"{ENTRY}.x", f"{ENTRY}.1.2", ENTRY.upper(), "../run"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an item"):
        parse_item(text)
