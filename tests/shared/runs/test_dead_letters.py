from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import Poison
from shared.contract.messages import ImageFetched, RunRequested
from shared.runs import dead_letters
from shared.runs.dead_letters import MOST_REPLAYS, NO_RUN, Letter, LetterState
from shared.store import FolderStore

FETCHED = ImageFetched(run="anya-001", entry="0a" * 10, image="0b" * 32, source=0)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def buried(store: FolderStore, message: ImageFetched = FETCHED) -> Letter:
    return dead_letters.bury(store, "deduper", message.encode(), message, (4, Poison("it has no pixels")))


def test_a_buried_message_can_be_found_with_all_that_a_replay_needs(store: FolderStore) -> None:
    letter = buried(store)
    assert list(dead_letters.letters(store)) == list(dead_letters.letters(store, "anya-001")) == [letter]
    assert (letter.queue, letter.body.encode(), letter.attempt) == ("deduper", FETCHED.encode(), 4)
    assert (letter.reason, letter.error, letter.state) == ("it has no pixels", "Poison", LetterState.DEAD)


def test_one_message_has_one_letter_however_often_it_dies_and_its_replays_are_remembered(store: FolderStore) -> None:
    dead_letters.keep_letter(store, buried(store).replayed())
    again = buried(store)
    assert again.state is LetterState.DEAD
    assert len(again.replays) == 1
    assert list(dead_letters.letters(store)) == [again]


def test_replays_are_bounded(store: FolderStore) -> None:
    letter = buried(store)
    for _ in range(MOST_REPLAYS):
        assert letter.may_be_replayed
        dead_letters.keep_letter(store, letter.replayed())
        letter = buried(store)
    assert not letter.may_be_replayed


def test_what_was_replayed_or_discarded_is_not_replayed(store: FolderStore) -> None:
    letter = buried(store)
    assert not letter.replayed().may_be_replayed
    assert not letter.discarded().may_be_replayed


def test_what_is_no_message_has_a_letter_too(store: FolderStore) -> None:
    letter = dead_letters.bury(store, "deduper", b"\xff no JSON", None, (1, Poison("not a message")))
    assert letter.run == NO_RUN
    assert dead_letters.find_letter(store, letter.key) == letter


def test_of_an_error_that_nobody_expected_the_traceback_is_kept(store: FolderStore) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a side of 0 pixels, of caf\udce9.png")

    try:
        fail()
    except ZeroDivisionError as error:
        letter = dead_letters.bury(store, "deduper", FETCHED.encode(), FETCHED, (1, error))
    assert "in fail\n" in letter.traceback
    assert letter.reason == "a side of 0 pixels, of caf?.png"
    assert dead_letters.find_letter(store, letter.key) == letter
    assert buried(store, FETCHED.model_copy(update={"entry": "0c" * 10})).traceback == ""


def test_a_letter_can_be_about_one_of_the_items_of_a_message(store: FolderStore) -> None:
    request = RunRequested(run="anya-001", source=0)
    death = (1, ValueError("odd"))
    letters = [
        dead_letters.bury(store, "scraper", request.encode(), request, death, entry) for entry in ("0a" * 10, "0b" * 10)
    ]
    assert [letter.item for letter in letters] == ["0a" * 10, "0b" * 10]
    assert list(dead_letters.letters(store, "anya-001")) == letters


@pytest.mark.parametrize(
    ("errors", "reason", "name"),
    [
        ([ValueError("the port is odd")], "the port is odd", "ValueError"),
        ([ValueError("one"), ExceptionGroup("", [KeyError("two")])], "one; 'two'", "ExceptionGroup"),
        ([ExceptionGroup("inner", [TimeoutError()])], "TimeoutError", "TimeoutError"),
    ],
)
def test_a_letter_names_the_errors_in_a_group(
    store: FolderStore, errors: list[Exception], reason: str, name: str
) -> None:
    group = ExceptionGroup("unhandled errors in a TaskGroup", errors)
    letter = dead_letters.bury(store, "deduper", FETCHED.encode(), FETCHED, (1, group))
    assert (letter.reason, letter.error) == (reason, name)


def test_a_letter_of_an_earlier_version_is_read(store: FolderStore) -> None:
    letter = buried(store)
    store.put(letter.key, letter.model_dump_json(exclude={"traceback"}).encode())
    assert dead_letters.find_letter(store, letter.key) == letter


def test_a_letter_that_was_cut_short_is_passed_over(store: FolderStore) -> None:
    letter = buried(store)
    store.put(letter.key, b"{")
    assert dead_letters.find_letter(store, letter.key) is None
    assert list(dead_letters.letters(store)) == []


def test_letters_of_one_run_are_told_from_those_of_another(store: FolderStore) -> None:
    buried(store)
    other = buried(store, FETCHED.model_copy(update={"run": "anya-0011"}))
    assert list(dead_letters.letters(store, "anya-0011")) == [other]
    assert other.key.startswith(keys.dead("anya-0011", "deduper"))
