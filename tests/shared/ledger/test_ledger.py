from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import Unreadable
from shared.contract.messages import ImageDropped, ImageFetched
from shared.contract.reasons import Reason
from shared.ledger import checkpoint
from shared.ledger.ledger import Ledger, phase_settings
from shared.ledger.state import find_state, state_of, write_state
from shared.recipe.recipe import Recipe
from shared.runs.registry import open_run
from shared.store import FolderStore
from tests.shared.ledgers import list_entries, note

ENTRIES = [f"{number:020x}" for number in range(5)]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


@pytest.fixture
def run(store: FolderStore, recipe: Recipe) -> str:
    """A run of five fetched pictures, the first of which was dropped, in two batches."""
    run = open_run(store, recipe).name
    fetched = [ImageFetched(run=run, entry=entry, image="0b" * 32, source=0) for entry in ENTRIES]
    note(store, "scraper", *fetched)
    note(store, "deduper", ImageDropped(run=run, entry=ENTRIES[0], stage="deduper", reason=Reason.CORRUPT))
    return run


def test_the_book_is_the_sum_of_the_journal(store: FolderStore, run: str) -> None:
    book = Ledger(store, run).book()
    assert (len(book.tally), book.tally.settled, book.batches) == (5, 1, 2)
    assert book.stages == {("scraper", "image-fetched"): 5, ("deduper", "image-dropped"): 1}


def test_a_checkpoint_and_what_came_after_it_are_as_good_as_the_whole_journal(store: FolderStore, run: str) -> None:
    checkpoint.write(store, run, Ledger(store, run).book())
    for number in (1, 2):
        store.delete(keys.journal(run, number))
    dropped = ImageDropped(run=run, entry=ENTRIES[1], stage="deduper", reason=Reason.CORRUPT)
    number = keys.journal(run, 3)
    store.put(number, dropped.encode() + b"\n")
    book = Ledger(store, run).book()
    assert (len(book.tally), book.tally.settled, book.batches) == (5, 2, 3)


def test_a_book_waits_for_what_a_listed_source_names(store: FolderStore, run: str) -> None:
    note(store, "scraper", list_entries(store, run, {entry: {} for entry in [*ENTRIES, "0f" * 10]}))
    assert Ledger(store, run).book().progress.awaited == {"0f" * 10}
    store.put(keys.listing(run, 0), b"")
    assert Ledger(store, run).book().progress.listed == {}


def test_the_state_is_the_one_that_was_written_until_the_journal_goes_on(
    store: FolderStore, run: str, recipe: Recipe
) -> None:
    settings, ledger = phase_settings(recipe), Ledger(store, run)
    counted = ledger.state(settings)
    write_state(store, run, state_of(ledger.book(), settings, counted.at))
    assert ledger.state(settings) == find_state(store, run) == counted
    note(store, "deduper", ImageDropped(run=run, entry=ENTRIES[1], stage="deduper", reason=Reason.CORRUPT))
    assert ledger.state(settings).batches == 3
    store.put(keys.state(run), b'{"batches": 3, "pha')
    assert ledger.state(settings).batches == 3


def test_records_are_found_by_what_they_say(store: FolderStore, run: str) -> None:
    found = [(record.stamp.stage, record.message.kind()) for record in Ledger(store, run).records(ENTRIES[0])]
    assert found == [("scraper", "image-fetched"), ("deduper", "image-dropped")]


def test_damage_is_told_of_once_to_whoever_can_do_without(store: FolderStore, run: str) -> None:
    store.put(keys.journal(run, 1), b'{"type":')
    with pytest.raises(Unreadable):
        Ledger(store, run).book()
    remarks: list[str] = []
    ledger = Ledger(store, run, remarks.append)
    assert [record.message.kind() for record in ledger.records()] == ["image-dropped"]
    assert len(ledger.book().tally) == 1
    assert len(remarks) == 1


def test_a_run_of_before_there_were_journals_is_refused_with_the_command_that_converts_it(
    store: FolderStore, recipe: Recipe
) -> None:
    run = open_run(store, recipe).name
    store.put(f"{keys.trail(run)}run/scraper.source-exhausted.none.0.0.json", b"{}")
    with pytest.raises(Unreadable, match=f"kept no journal. `magritte convert {run}` writes one"):
        Ledger(store, run).book()
