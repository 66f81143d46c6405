"""Searches that are made again, and what is asked of the board then."""

from datetime import UTC, datetime, timedelta

import pytest

from services.scraper.sources.remembered_rows import RememberedRows, Row
from shared.contract import keys
from shared.store import FolderStore

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
NEWEST = 10**9


class Board:
    """Posts by number, listed from the highest, four at a time; it notes what it is asked."""

    def __init__(self, numbers: range) -> None:
        self.numbers = list(numbers)
        self.asked: list[int | None] = []

    def below(self, number: int | None) -> list[Row]:
        self.asked.append(number)
        following = sorted((each for each in self.numbers if number is None or each < number), reverse=True)
        return [{"id": each, "score": each} for each in following[:4]]


def walked(board: Board, rows: RememberedRows) -> list[int]:
    """The numbers of all posts, as a source walks through them: the newest are always asked for."""
    found: list[int] = []
    number: int | None = None
    while True:
        page = rows.below(number) if number is not None else None
        if page is None:
            page = board.below(number)
            rows.keep(number, page)
        if not page:
            return found
        found += [row["id"] for row in page]
        number = found[-1]


@pytest.fixture
def board() -> Board:
    return Board(range(1, 11))


def remembered(store: FolderStore, hours: float = 24, now: datetime = NOON, search: str = "anya") -> RememberedRows:
    return RememberedRows(store, search, hours, lambda: now)


def test_a_second_walk_asks_for_the_newest_alone(board: Board, store: FolderStore) -> None:
    first = walked(board, remembered(store))
    assert first == list(range(10, 0, -1))
    board.asked.clear()
    assert walked(board, remembered(store)) == first
    assert board.asked == [None]


@pytest.mark.parametrize("new", [1, 3, 4, 5, 9])
def test_new_posts_are_found_and_each_is_listed_once(board: Board, store: FolderStore, new: int) -> None:
    walked(board, remembered(store))
    board.asked.clear()
    board.numbers += range(11, 11 + new)
    assert walked(board, remembered(store)) == list(range(10 + new, 0, -1))
    assert len(board.asked) == 1 + (new - 1) // 4


def test_a_walk_that_ended_early_is_gone_on_with(board: Board, store: FolderStore) -> None:
    rows = remembered(store)
    rows.keep(None, board.below(None))
    rows.keep(7, board.below(7))
    board.asked.clear()
    assert walked(board, remembered(store)) == list(range(10, 0, -1))
    assert board.asked == [None, 3, 1]


def test_posts_that_have_gone_since_are_no_trouble(board: Board, store: FolderStore) -> None:
    walked(board, remembered(store))
    board.numbers = [11, 12]
    assert walked(board, remembered(store)) == [12, 11, *range(10, 0, -1)]


def test_what_is_older_than_asked_for_is_listed_again(board: Board, store: FolderStore) -> None:
    walked(board, remembered(store))
    board.asked.clear()
    walked(board, remembered(store, now=NOON + timedelta(hours=26)))
    assert len(board.asked) == 4


def test_the_newest_of_several_answers_holds(board: Board, store: FolderStore) -> None:
    rows = remembered(store)
    rows.keep(9, [{"id": 8, "score": 1}])
    remembered(store, now=NOON + timedelta(hours=2)).keep(9, [{"id": 8, "score": 2}])
    assert remembered(store, now=NOON + timedelta(hours=3)).below(9) == [{"id": 8, "score": 2}]


def test_nothing_is_remembered_for_no_hours(board: Board, store: FolderStore) -> None:
    walked(board, remembered(store, hours=0))
    board.asked.clear()
    walked(board, remembered(store, hours=0))
    assert len(board.asked) == 4


def test_another_search_is_another_memory(board: Board, store: FolderStore) -> None:
    walked(board, remembered(store))
    assert remembered(store, search="bea").below(7) is None


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'[{"score": 1}]'])
def test_an_answer_that_is_damaged_is_asked_for_again(board: Board, store: FolderStore, damage: bytes) -> None:
    walked(board, remembered(store))
    for key in list(store.list("answers/")):
        store.put(key, damage)
    board.asked.clear()
    assert walked(board, remembered(store)) == list(range(10, 0, -1))
    assert len(board.asked) == 4


def test_a_stray_file_among_the_answers_is_passed_over(board: Board, store: FolderStore) -> None:
    walked(board, remembered(store))
    (store.root / keys.answer(next(iter(store.list("answers/"))).split("/")[1]) / "copy.json").write_bytes(b"x")
    assert walked(board, remembered(store)) == list(range(10, 0, -1))


def test_what_has_changed_takes_the_place_of_what_is_remembered(board: Board, store: FolderStore) -> None:
    walked(board, remembered(store))
    remembered(store).amend([{"id": 5, "score": 50}, {"id": 11, "score": 110}])
    assert [row["score"] for row in remembered(store).below(7) or ()] == [6, 50, 4, 3]


def test_a_post_that_the_search_finds_since_has_its_place_among_the_others(board: Board, store: FolderStore) -> None:
    board.numbers.remove(5)
    walked(board, remembered(store))
    remembered(store).amend([{"id": 5, "score": 50}])
    board.asked.clear()
    assert walked(board, remembered(store)) == list(range(10, 0, -1))
    assert board.asked == [None]


def test_changes_count_from_the_oldest_answer(board: Board, store: FolderStore) -> None:
    assert remembered(store).since() is None
    walked(board, remembered(store, now=NOON + timedelta(minutes=50)))
    walked(board, remembered(store, now=NOON + timedelta(hours=5)))
    assert remembered(store, now=NOON + timedelta(hours=6)).since() == NOON
    assert remembered(store, now=NOON + timedelta(hours=40)).since() is None
