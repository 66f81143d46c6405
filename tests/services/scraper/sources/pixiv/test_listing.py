"""Searches on a loopback Pixiv that are made again, and what is asked for then."""

from datetime import timedelta
from itertools import islice

import pytest

from demo.board.pictures import noise
from services.scraper.sources import Item
from services.scraper.sources.pixiv.listing import _with_keys
from shared.contract.reasons import Reason
from shared.store import FolderStore
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault, Faults
from tests.servers.boards.pixiv import Pixiv, Rules
from tests.servers.boards.pixiv_client import TAG
from tests.servers.boards.works import FIRST, Work, Works
from tests.services.scraper.sources.pixiv.conftest import Open

MIXTURE = Works(works=240, limited=0.1, size=(8, 8))


def asked(board: Pixiv) -> tuple[int, int]:
    """The number of searches and of questions to the web pages; forgets them."""
    found = len(board.log.requests_for("/v1/search/illust")), len(board.log.requests_for("/ajax/*"))
    board.api.forget()
    return found


def test_a_second_walk_asks_for_the_newest_works_alone(opened: Open, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        first = opened(board, store=store).items()
        assert asked(board) > (8, 0)
        assert opened(board, store=store).items() == first
        assert asked(board) == (1, 0)


def test_another_threshold_or_limit_needs_no_new_walk(opened: Open, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        opened(board, store=store, bookmarks=10**9).items()
        asked(board)
        fewer = opened(board, store=store, bookmarks=1000).reasons()
        assert asked(board)[0] == 1
        assert fewer == opened(board, bookmarks=1000).reasons()
        asked(board)
        some = opened(board, store=store, limit=50).reasons()
        assert asked(board)[0] == 1
        assert some == opened(board, limit=50).reasons()


@pytest.mark.parametrize("new", [1, 29, 30, 31, 65])
def test_new_works_are_found_and_nothing_else_is_asked_for(opened: Open, store: FolderStore, new: int) -> None:
    with Pixiv(MIXTURE) as board:
        opened(board, store=store, ai=True).items()
        asked(board)
        for _ in range(new):
            board.add()
        found = opened(board, store=store, ai=True).items()
        searches, _ = asked(board)
        assert {int(origin.partition("_")[0]) for origin in found} == set(board.works)
    assert searches == 1 + new // 30


def test_a_walk_that_ended_early_is_gone_on_with(opened: Open, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        list(islice(opened(board, store=store, ai=True).pages(), 4))
        asked(board)
        found = opened(board, store=store, ai=True).items()
        assert {int(origin.partition("_")[0]) for origin in found} == set(board.works)
        assert asked(board)[0] <= 1 + 5


def test_a_memory_of_a_walk_through_the_wall_holds_all_works(opened: Open, store: FolderStore) -> None:
    with Pixiv(Works(works=5100, size=(1, 1), most_pages=1, limited=0, hours_apart=1)) as board:
        opened(board, store=store, ai=True).items()
        asked(board)
        found = opened(board, store=store, ai=True).items()
        assert {int(origin.partition("_")[0]) for origin in found} == set(board.works)
        assert asked(board) == (1, 0)


def test_offsets_that_shift_while_a_walk_is_remembered_hide_nothing_from_the_next(
    opened: Open, store: FolderStore
) -> None:
    with Pixiv(MIXTURE, Rules(new_work_every=1)) as board:
        for _ in range(3):
            before = set(board.works)
            found = opened(board, store=store, ai=True).items()
            assert before <= {int(origin.partition("_")[0]) for origin in found}


def test_works_of_the_same_second_are_all_remembered(opened: Open, store: FolderStore) -> None:
    seconds = [FIRST + timedelta(seconds=number // 45) for number in range(200)]
    works = [
        Work(1000 + number, second, (noise(str(number), "png", (4, 4)),), (TAG,))
        for number, second in enumerate(seconds)
    ]
    with Pixiv(works) as board:
        first = opened(board, store=store).items()
        assert len(first) == 200
        board.change(1000, bookmarks=7)
        assert opened(board, store=store).items() == first


def test_nothing_is_remembered_for_no_hours_and_of_another_search(opened: Open, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        opened(board, store=store).items()
        asked(board)
        for fields in ({"remembered": 0}, {"word": "Margot", "match": "title-and-caption"}, {"ai": True}):
            opened(board, store=store, **fields).items()
            assert asked(board)[0] >= 7


def test_what_the_web_pages_did_not_answer_for_the_moment_is_asked_for_again(opened: Open, store: FolderStore) -> None:
    closing = Faults(Fault(faults.challenge(), "/ajax/*", times=1))
    with Pixiv(MIXTURE, around=closing) as board:
        refused = opened(board, store=store).reasons()
        limited = {f"{work.id}_p0" for work in board.works.values() if work.is_limited and not work.x_restrict}
        assert Reason.LIMITED_BY_BOARD in {refused[origin] for origin in limited & refused.keys()}
        later = opened(board, store=store).reasons()
    assert Reason.LIMITED_BY_BOARD not in {later[origin] for origin in limited & later.keys()}


def test_what_the_web_pages_do_not_show_is_not_asked_for_again(opened: Open, store: FolderStore) -> None:
    with Pixiv(MIXTURE, around=Faults(Fault(faults.not_found(), "/ajax/*"))) as board:
        first = opened(board, store=store).items()
        asked(board)
        assert opened(board, store=store).items() == first
        assert asked(board) == (1, 0)


def test_an_item_is_the_same_from_the_memory(opened: Open, store: FolderStore) -> None:
    with Pixiv(MIXTURE) as board:
        first: dict[str, Item] = opened(board, store=store).items()
        again = opened(board, store=store).items()
    assert [(item.place, item.state, item.post, item.drop) for item in again.values()] == [
        (item.place, item.state, item.post, item.drop) for item in first.values()
    ]


def test_works_that_do_not_say_when_they_were_posted_have_no_keys() -> None:
    works = ({"create_date": "2023-01-04T23:59:59+09:00"}, {})
    assert list(_with_keys(works, None)) == [{"work": work} for work in works]


def test_keys_fall_though_works_come_twice() -> None:
    works = tuple({"create_date": f"2023-01-04T23:59:{second:02}+09:00"} for second in (59, 59, 58, 59, 57))
    newest = 1672844399 * 100 + 99
    keys = [row["id"] for row in _with_keys(works, None)]
    assert keys == [newest, newest - 1, newest - 100, newest - 101, newest - 200]
    assert [row["id"] for row in _with_keys(works[:1], newest - 5)] == [newest - 6]
