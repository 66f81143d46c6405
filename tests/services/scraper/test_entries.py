from services.scraper.entries import entry_id


def test_an_entry_is_told_by_the_kind_and_number_of_its_source_and_its_origin() -> None:
    same = entry_id("folder", 0, "a/b.png")
    others = [entry_id("address", 0, "a/b.png"), entry_id("folder", 1, "a/b.png"), entry_id("folder", 0, "b.png")]
    assert same == entry_id("folder", 0, "a/b.png")
    assert len({same, *others}) == 4
    assert len(same) == 20


def test_a_name_that_is_no_utf_8_makes_an_entry() -> None:
    assert entry_id("folder", 0, "caf\udce9.png") != entry_id("folder", 0, "café.png")
