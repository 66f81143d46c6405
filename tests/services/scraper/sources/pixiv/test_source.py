"""A walk through a loopback Pixiv, over real sockets: what is kept, what is refused and why, and what is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from demo.board.messages import Answer, Handle, Request
from services.scraper.sources import Fetched, Item, Page
from services.scraper.web.client import user_agent
from shared.contract.reasons import Drop, Reason
from tests.servers.boards.pixiv import REFRESH_TOKEN, Pixiv, Rules
from tests.servers.boards.pixiv_answers import LIMITED
from tests.servers.boards.pixiv_client import SMALL, TAG
from tests.servers.boards.works import JST, Work, Works
from tests.services.scraper.sources.pixiv.conftest import CONTACT, Open, web_of

SMALLEST = {"size": (1, 1), "most_pages": 1, "limited": 0.0}


@pytest.fixture(scope="module")
def board() -> Iterator[Pixiv]:
    """A board that no test changes."""
    with Pixiv(SMALL) as board:
        yield board


def expected(work: Work, bookmarks: int = 0, views: int = 0) -> Reason | None:
    """What the board's own facts about a work lead to."""
    if work.is_limited and work.x_restrict:
        return Reason.LIMITED_BY_BOARD
    checks = {
        Reason.WRONG_RATING: work.x_restrict != 0,
        Reason.NOT_A_STILL_PICTURE: work.kind == "ugoira",
        Reason.AI_MADE: work.ai_type == 2,
        Reason.BELOW_FAVOURITES: work.bookmarks < bookmarks,
        Reason.BELOW_VIEWS: work.views < views,
    }
    return next((reason for reason, is_met in checks.items() if is_met), None)


def wanted(board: Pixiv, works: Iterator[Work]) -> dict[str, bytes]:
    """The originals of all pages of some works."""
    return {f"{work.id}_p{page}": board.file(work, page) for work in works for page in range(len(work.pages))}


def test_of_240_works_exactly_the_originals_that_may_be_had_are_kept(opened: Open) -> None:
    mixture = Works(works=240, limited=0.1, adult=0.1, by_ai=0.15, size=(16, 16))
    with Pixiv(mixture) as board:
        there = opened(board)
        kept = there.kept()
        works = list(board.works.values())
        assert kept == wanted(board, (work for work in works if expected(work) is None))
        asked = [entry.path for entry in board.log] + [entry.path for entry in board.files.log]
    limited = [work for work in works if work.is_limited]
    assert len(kept) > 200
    assert [work for work in limited if expected(work) is None and len(work.pages) > 1]
    assert LIMITED not in asked
    assert not [path for path in asked if "img-master" in path]
    assert len(asked) <= 1 + 8 + 2 * len(limited) + len(kept)


def test_every_refused_work_has_its_reason(opened: Open) -> None:
    mixture = Works(works=240, limited=0.1, adult=0.1, by_ai=0.15, moving=0.1, size=(8, 8))
    with Pixiv(mixture) as board:
        reasons = opened(board, ai=False, bookmarks=1000, views=10_000).reasons()
        works = list(board.works.values())
    told = {number: expected(work, 1000, 10_000) for number, work in board.works.items()}
    found: dict[int, set[Reason | None]] = {}
    for origin, reason in reasons.items():
        found.setdefault(int(origin.partition("_")[0]), set()).add(reason)
    hidden = {work.id for work in works if work.ai_type == 2}
    assert found == {number: {reason} for number, reason in told.items() if number not in hidden}
    assert set(told.values()) == {
        None,
        Reason.LIMITED_BY_BOARD,
        Reason.WRONG_RATING,
        Reason.NOT_A_STILL_PICTURE,
        Reason.AI_MADE,
        Reason.BELOW_FAVOURITES,
        Reason.BELOW_VIEWS,
    }


def test_works_by_ai_come_when_they_are_wanted(board: Pixiv, opened: Open) -> None:
    there = opened(board, ai=True)
    by_ai = {work.id for work in board.works.values() if work.ai_type == 2 and expected(work) is Reason.AI_MADE}
    found = {item.post.number for item in there.items().values() if item.post and not item.drop}
    assert by_ai
    assert by_ai <= found


def test_works_by_ai_are_not_asked_for(opened: Open) -> None:
    with Pixiv(SMALL) as board:
        opened(board).items()
        opened(board, ai=True).items()
        asked = [entry.query["search_ai_type"] for entry in board.log.requests_for("/v1/search/illust")]
    assert set(asked[: len(asked) // 2]) == {"1"}
    assert set(asked[-4:]) == {"0"}


def test_a_minimum_of_bookmarks_holds_without_premium(board: Pixiv, opened: Open) -> None:
    items = opened(board, bookmarks=5100).items().values()
    kept = [item for item in items if not item.drop]
    popular = [
        item for item in items if item.post and item.post.favourites is not None and item.post.favourites >= 5100
    ]
    assert kept
    assert {item.origin for item in kept} <= {item.origin for item in popular}
    drop = next(item.drop for item in items if item.drop and item.drop.reason is Reason.BELOW_FAVOURITES)
    assert drop.detail.endswith("bookmarks, at least 5100 are wanted")


def test_counts_of_refused_works_are_told_so_that_another_threshold_needs_no_new_walk(
    board: Pixiv, opened: Open
) -> None:
    items = opened(board, bookmarks=10**9).items().values()
    for item in items:
        if item.post:
            work = board.works[item.post.number]
            assert (item.post.favourites, item.post.views) == (work.bookmarks, work.views)
    assert all(item.drop for item in items)


def test_tags_can_be_excluded(board: Pixiv, opened: Open) -> None:
    items = opened(board, exclude=["青髪"]).items().values()
    kept = [board.works[item.post.number] for item in items if item.post and not item.drop]
    assert kept
    assert not [work for work in kept if "青髪" in work.tags]
    assert Reason.EXCLUDED_TAG in {item.drop.reason for item in items if item.drop}


@pytest.mark.parametrize(
    ("word", "match", "count"),
    [(TAG, "exact-tag", 100), (f"{TAG}1000users", "exact-tag", 0), ("Margot", "title-and-caption", 100)],
)
def test_words_are_looked_for_where_the_recipe_says(
    board: Pixiv, opened: Open, word: str, match: str, count: int
) -> None:
    found = {origin.partition("_")[0] for origin in opened(board, word=word, match=match, ai=True).items()}
    assert len(found) == count


def test_days_are_days_in_japan_and_both_belong_to_the_range(board: Pixiv, opened: Open) -> None:
    items = opened(board, ai=True, since="2023-01-03", until="2023-01-04").items()
    days = {work.id: work.created_at.astimezone(JST).day for work in board.works.values()}
    assert {int(origin.partition("_")[0]) for origin in items} == {
        number for number, day in days.items() if day in (3, 4)
    }


def test_a_limit_is_of_works_that_are_taken_newest_first(board: Pixiv, opened: Open) -> None:
    items = opened(board, limit=40).items().values()
    taken = list(dict.fromkeys(item.post.number for item in items if item.post and not item.drop))
    fit = sorted((number for number, work in board.works.items() if expected(work) is None), reverse=True)
    assert taken == fit[:40]


def test_a_limit_counts_no_work_twice_when_offsets_shift(opened: Open) -> None:
    with Pixiv(SMALL, Rules(new_work_every=1)) as board:
        items = opened(board, limit=40).items().values()
    assert len({item.post.number for item in items if item.post and not item.drop}) == 40


def test_works_that_come_twice_as_offsets_shift_are_one_and_none_is_missed(opened: Open) -> None:
    with Pixiv(SMALL, Rules(new_work_every=1)) as board:
        before = set(board.works)
        there = opened(board, ai=True)
        listed = [item.origin for page in there.pages() for item in page.items]
        assert len(board.works) > len(before)
    assert len(listed) > len(set(listed))
    assert before <= {int(origin.partition("_")[0]) for origin in listed}


def test_5400_works_are_found_beyond_the_wall_of_offsets(opened: Open) -> None:
    with Pixiv(Works(works=5400, **SMALLEST)) as board:
        there = opened(board, ai=True)
        pages = list(there.pages())
        found = {item.post.number for page in pages for item in page.items if item.post}
        assert found == set(board.works)
        searches = board.log.requests_for("/v1/search/illust")
    assert {entry.status for entry in searches} == {200}
    assert len(searches) == len(pages) <= 181
    windows = [entry.query.get("end_date") for entry in searches]
    assert len(set(windows)) == 2
    rows = [item.origin for page in pages for item in page.items]
    assert len(rows) - len(set(rows)) <= 8


def test_a_day_with_more_works_than_a_search_shows_is_told(opened: Open) -> None:
    crowded = Works(works=5100, **{**SMALLEST, "hours_apart": 0.001})
    with Pixiv(crowded) as board:
        early = datetime(2022, 12, 31, 12, tzinfo=JST)
        oldest = board.change(min(board.works), created_at=early)
        items = opened(board, ai=True).items()
    refused = items["2023-01-01_p0"].drop
    assert refused is not None
    assert refused.reason is Reason.LIMITED_BY_BOARD
    assert f"{oldest.id}_p0" in items
    assert len(items) == 5010 + 1 + 1


def test_a_walk_goes_on_at_its_cursor_in_another_source(board: Pixiv, opened: Open) -> None:
    first = opened(board).source.page("")
    assert first.next is not None
    assert opened(board).source.page(first.next) == list(opened(board).pages())[1]


def test_an_item_says_what_the_board_does(board: Pixiv, opened: Open) -> None:
    several = next(work for work in board.works.values() if expected(work) is None and len(work.pages) > 2)
    item = opened(board, score_of_copies=7).items()[f"{several.id}_p2"]
    assert item.post is not None
    assert (item.post.board, item.post.number, item.post.page) == ("pixiv", several.id, 2)
    assert item.post.pixiv is not None
    assert (item.post.pixiv.work, item.post.pixiv.number) == (several.id, 2)
    assert item.post.address == f"{web_of(board)}/artworks/{several.id}"
    assert item.post.artists[0].name == f"artist {several.user_id}"
    assert item.post.artists[0].address == f"{web_of(board)}/users/{several.user_id}"
    assert (item.post.title, item.post.tags["general"]) == (several.title, several.tags)
    assert (item.post.created, item.post.rating, item.post.variant) == (several.created_at, "0", "original")
    assert item.place == f"{board.files.address}/img-original/{item.state['file']}"
    assert item.post.thumbnail.startswith(f"{board.files.address}/c/540x540_70/img-master/img/")
    assert item.score == 7


def test_an_original_at_the_real_host_is_asked_of_the_host_that_the_recipe_names(opened: Open) -> None:
    def with_real_host(request: Request, handle: Handle) -> Answer:
        answer = handle(request)
        return replace(answer, body=answer.body.replace(board.files.address.encode(), b"https://i.pximg.net"))

    with Pixiv(SMALL, around=with_real_host) as board:
        there = opened(board, limit=5)
        places = [item.place for item in there.items().values() if not item.drop]
        assert places
        assert all(place.startswith(f"{board.files.address}/img-original/") for place in places)
        assert len(there.kept()) == len(places)


def test_works_by_ai_are_refused_where_the_board_sends_them_all_the_same(opened: Open) -> None:
    def deaf(request: Request, handle: Handle) -> Answer:
        return handle(replace(request, query={**request.query, "search_ai_type": "0"}))

    with Pixiv(SMALL, around=deaf) as board:
        reasons = opened(board).reasons()
        told = {f"{work.id}_p0": expected(work) for work in board.works.values()}
    assert {origin: reason for origin, reason in reasons.items() if origin.endswith("_p0")} == told
    assert Reason.AI_MADE in told.values()


def test_nothing_secret_is_in_addresses_items_or_cursors(opened: Open) -> None:
    with Pixiv(SMALL) as board:
        there = opened(board)
        pages: list[Page] = list(there.pages())
        for item in pages[0].items:
            if not item.drop:
                there.source.fetch(item)
        secrets = {REFRESH_TOKEN, "access-1"}
        logged = [(entry.path, *entry.query.values()) for entry in [*board.log, *board.files.log]]
        to_pictures = [entry.headers.keys() for entry in board.files.log]
    assert not [line for line in logged if any(secret in part for secret in secrets for part in line)]
    assert not [secret for secret in secrets if secret in repr(pages)]
    assert to_pictures
    assert not [names for names in to_pictures if "authorization" in names]


def test_the_pictures_are_asked_for_with_the_referer_that_their_host_wants_and_our_own_name(opened: Open) -> None:
    with Pixiv(SMALL) as board:
        there = opened(board, limit=3)
        assert there.kept()
        entries = board.files.log
        api = board.log.requests_for("/v1/*")
    assert {entry.headers["referer"] for entry in entries} == {"https://app-api.pixiv.net/"}
    assert {entry.headers["user-agent"] for entry in entries} == {user_agent(CONTACT)}
    assert {entry.headers["user-agent"] for entry in api} == {"PixivIOSApp/7.13.3 (iOS 14.6; iPhone13,2)"}


def test_a_file_that_was_replaced_is_another_item_and_is_found_again(opened: Open) -> None:
    with Pixiv(SMALL) as board:
        there = opened(board)
        before = there.items()
        work = next(work for work in board.works.values() if expected(work) is None and not work.is_limited)
        changed = board.change(work.id, created_at=work.created_at + timedelta(hours=1))
        item: Item = before[f"{work.id}_p0"]
        found = there.source.fetch(item)
        after = opened(board).items()[item.origin]
        assert isinstance(found, Fetched)
        assert found.data == board.file(changed, 0)
    assert (after.origin, after.place == item.place, after.state == item.state) == (item.origin, False, False)


def test_a_work_that_is_gone_since_it_was_listed_is_dropped(opened: Open) -> None:
    with Pixiv(SMALL) as board:
        there = opened(board)
        item = next(item for item in there.items().values() if not item.drop)
        assert item.post is not None
        board.change(item.post.number, is_gone=True)
        found = there.source.fetch(item)
    assert found == Drop(Reason.FETCH_FAILED, "the work is gone from Pixiv")
