"""A walk through a board on loopback: what is asked of it, and what becomes of each post."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from demo.board.messages import Answer, Handle, Request, json_answer
from demo.board.pictures import noise
from services.scraper.sources.danbooru.source import DanbooruSource
from services.scraper.sources.source import Item, Page
from shared.contract.errors import HostRefuses, RunUnusable, Transient
from shared.contract.reasons import Drop, Reason
from tests.servers.boards import faults
from tests.servers.boards.danbooru import Account, Danbooru, Fault, Faults, Mixture, Post, Rules
from tests.servers.boards.danbooru_client import EVERYTHING, some_posts
from tests.services.scraper.sources.danbooru.conftest import Open, reasons

LARGE = Mixture(posts=450, size=(4, 4), hidden=0.1, deleted=0.1, ratings={"g": 6, "s": 3, "q": 1})


@pytest.fixture(scope="module")
def board() -> Iterator[Danbooru]:
    """A board that no test changes."""
    accounts = {"anya": Account("right", tag_limit=6), "gold": Account("right", sees_restricted=True)}
    with Danbooru(LARGE, Rules(accounts=accounts)) as board:
        yield board


def pages(source: DanbooruSource, cursor: str | None = "") -> Iterator[Page]:
    while cursor is not None:
        page = source.page(cursor)
        yield page
        cursor = page.next


def listed(source: DanbooruSource) -> list[Item]:
    return [item for page in pages(source) for item in page.items]


def asked(board: Danbooru, path: str = "/posts.json") -> list[dict[str, str]]:
    return [dict(entry.query) for entry in board.log.requests_for(path)]


def answering(answer: Answer) -> Faults:
    return Faults(Fault(lambda request, handle: answer, "/posts.json"))


def test_every_post_of_the_rating_that_is_not_deleted_is_an_item(board: Danbooru, opened: Open) -> None:
    items = listed(opened(board))
    expected = [post.id for post in board.posts if post.rating == "g" and not post.is_deleted]
    assert [int(item.origin) for item in items] == expected
    assert all(item.post is not None and item.post.number == int(item.origin) for item in items)


def test_450_posts_take_four_requests_of_200_before_an_id(opened: Open) -> None:
    with Danbooru(Mixture(posts=450, size=(4, 4), deleted=0)) as board:
        found = [len(page.items) for page in pages(opened(board))]
        assert found == [200, 200, 50, 0]
        requests = asked(board)
    assert [request["page"] for request in requests][:2] == ["b1000000000", f"b{board.posts[199].id}"]
    assert {request["limit"] for request in requests} == {"200"}
    assert {"is_banned", "bit_flags", "file_url", "md5"} <= set(requests[0]["only"].split(","))


def test_short_pages_lose_nothing(opened: Open) -> None:
    spoiling = Faults(Fault(faults.shorter_pages(60), "/posts.json"))
    with Danbooru(Mixture(posts=300, size=(4, 4), deleted=0), around=spoiling) as board:
        assert [int(item.origin) for item in listed(opened(board))] == [post.id for post in board.posts]


def test_a_walk_can_be_gone_on_with_by_another_process(board: Danbooru, opened: Open) -> None:
    first = opened(board).page("")
    assert first.next is not None
    rest = [item for page in pages(opened(board), first.next) for item in page.items]
    assert [*first.items, *rest] == listed(opened(board))


def why_hidden(post: Post) -> Reason | None:
    if post.is_banned:
        return Reason.BANNED
    if post.bit_flags & 4:
        return Reason.TAKEN_DOWN
    return Reason.RESTRICTED if post.is_restricted else None


def test_hidden_posts_are_dropped_each_with_why_it_is_hidden(board: Danbooru, opened: Open) -> None:
    expected = {post.id: why_hidden(post) for post in board.posts if post.rating == "g" and not post.is_deleted}
    found = reasons(listed(opened(board)))
    assert found == expected
    assert {Reason.BANNED, Reason.TAKEN_DOWN, Reason.RESTRICTED, None} == set(found.values())


def test_an_account_that_sees_restricted_posts_gets_them(board: Danbooru, opened: Open) -> None:
    found = reasons(listed(opened(board, login="gold", key="right")))
    assert Reason.RESTRICTED not in found.values()
    assert Reason.BANNED in found.values()


def test_sensitive_posts_are_taken_only_when_asked_for_and_others_never(board: Danbooru, opened: Open) -> None:
    def ratings(*wanted: str) -> set[str]:
        items = listed(opened(board, ratings=wanted))
        return {item.post.rating for item in items if item.post is not None}

    assert ratings("g") == {"g"}
    assert ratings("g", "s") == {"g", "s"}


def test_a_board_that_sends_other_ratings_is_not_believed(opened: Open) -> None:
    def explicit(request: Request, handle: Handle) -> Answer:
        return json_answer([{**row, "rating": "e"} for row in json.loads(handle(request).body)])

    with Danbooru(some_posts(3), around=Faults(Fault(explicit, "/posts.json"))) as board:
        found = reasons(listed(opened(board, tags=["margot"])))
    assert list(found.values()) == [Reason.WRONG_RATING] * 3


def test_deleted_posts_are_taken_when_the_recipe_wants_them(board: Danbooru, opened: Open) -> None:
    found = reasons(listed(opened(board, deleted=True)))
    deleted = [post.id for post in board.posts if post.rating == "g" and post.is_deleted and not post.is_hidden]
    assert deleted
    assert all(found[number] is None for number in deleted)


def test_rules_leave_each_post_a_fate_and_ask_nothing_more(board: Danbooru, opened: Open) -> None:
    before = len(board.log)
    items = listed(opened(board, score=10, favourites=10, smallest=5, exclude=["hat", "artist_3"]))
    assert len(board.log) - before == 3
    found = Counter(reasons(items).values())
    assert None not in found  # all pictures have 4 x 4 pixels
    assert set(found) >= {
        Reason.BELOW_SCORE,
        Reason.BELOW_FAVOURITES,
        Reason.TOO_SMALL,
        Reason.EXCLUDED_TAG,
        Reason.EXCLUDED_ARTIST,
    }
    wanted = [item.post for item in items if item.drop is not None and item.drop.reason is Reason.TOO_SMALL]
    assert all(post is not None and (post.score or 0) >= 10 and (post.favourites or 0) >= 10 for post in wanted)


def test_a_limit_counts_posts_that_are_kept_over_all_pages(board: Danbooru, opened: Open) -> None:
    everything = listed(opened(board))
    for limit in (1, 150, 230):
        found = listed(opened(board, limit=limit))
        assert sum(item.drop is None for item in found) == limit
        assert found[-1].drop is None
        assert found == everything[: len(found)]


def test_with_a_limit_no_page_is_asked_for_in_vain(board: Danbooru, opened: Open) -> None:
    before = len(board.log)
    assert len(list(pages(opened(board, limit=3)))) == 1
    assert len(board.log) - before == 1


@pytest.mark.parametrize(("order", "key"), [("score", "score"), ("favourites", "favourites")])
def test_the_best_come_first_on_numbered_pages(board: Danbooru, opened: Open, order: str, key: str) -> None:
    before = len(board.log)
    items = listed(opened(board, order=order))
    numbers = [getattr(item.post, key) for item in items]
    assert numbers == sorted(numbers, reverse=True)
    assert [request["page"] for request in asked(board)[before:]] == ["1", "2", "3"]
    assert {item.origin for item in items} == {item.origin for item in listed(opened(board))}


def test_a_search_that_finds_nothing_is_said_in_the_log(board: Danbooru, opened: Open) -> None:
    with capture_logs() as logs:
        assert opened(board, tags=["margto"]).page("") == Page((), None)
        assert listed(opened(board))
    assert [(entry["log_level"], entry["event"], entry["search"]) for entry in logs] == [
        ("warning", "nothing found", "margto rating:g -status:deleted")
    ]


def test_a_search_of_too_many_tags_is_refused_before_anything_is_asked(board: Danbooru, opened: Open) -> None:
    before = len(board.log)
    with pytest.raises(RunUnusable, match=r"danbooru\.tags"):
        opened(board, tags=[EVERYTHING, "solo", "smile"]).page("")
    with pytest.raises(RunUnusable, match="which counts as one"):
        opened(board, tags=[EVERYTHING, "solo"], order="score").page("")
    assert len(board.log) == before


def test_what_an_account_may_search_for_is_for_the_board_to_say(board: Danbooru, opened: Open) -> None:
    tags = [EVERYTHING, "solo", "smile", "1girl"]
    assert listed(opened(board, "anya", "right", tags=tags))
    with pytest.raises(RunUnusable, match=r"danbooru\.tags: .*TagLimitError.*too many tags for this account"):
        opened(board, "gold", "right", tags=tags).page("")


def test_a_key_is_in_a_header_and_nowhere_else(board: Danbooru, opened: Open) -> None:
    with pytest.raises(RunUnusable, match="correct MAGRITTE_DANBOORU_LOGIN") as refused:
        opened(board, "anya", "wr0ng-key").page("")
    entry = board.log[-1]
    assert entry.headers["authorization"].startswith("Basic ")
    assert "wr0ng" not in f"{refused.value!r} {entry.path} {entry.query}"


def test_the_board_is_told_who_asks_and_by_which_account(board: Danbooru, opened: Open) -> None:
    opened(board, "anya", "right").page("")
    assert re.fullmatch(r"Magritte/\S+ \(\+anya@example.net; account anya\)", board.log[-1].headers["user-agent"])
    opened(board).page("")
    assert re.fullmatch(r"Magritte/\S+ \(\+anya@example.net\)", board.log[-1].headers["user-agent"])


@pytest.mark.parametrize("account_at", ["https://danbooru.donmai.us", "http://127.0.0.1:1"])
def test_a_board_that_the_account_is_not_of_hears_nothing_of_it(board: Danbooru, opened: Open, account_at: str) -> None:
    opened(board, "anya", "right", account_at).page("")
    assert "authorization" not in board.log[-1].headers
    assert "account" not in board.log[-1].headers["user-agent"]
    with pytest.raises(RunUnusable, match="MAGRITTE_DANBOORU_ADDRESS"):
        opened(board, "anya", "right", account_at, tags=[EVERYTHING, "solo", "smile"]).page("")


def test_files_are_asked_for_without_the_key(board: Danbooru, opened: Open) -> None:
    source = opened(board, "anya", "right")
    item = next(item for item in source.page("").items if item.drop is None)
    source.fetch(item)
    assert "authorization" not in board.log.requests_for("/original/*")[-1].headers


def test_an_item_is_known_by_its_post_and_its_file(board: Danbooru, opened: Open) -> None:
    item = next(item for item in opened(board, score_of_copies=7).page("").items if item.drop is None)
    post = next(post for post in board.posts if post.id == int(item.origin))
    assert item.state == {"md5": board.md5(post)}
    assert item.place.endswith(f"/{board.md5(post)}.png")
    assert "/original/" in item.place
    assert item.score == 7


def test_the_original_is_fetched(board: Danbooru, opened: Open) -> None:
    source = opened(board)
    item = next(item for item in source.page("").items if item.drop is None)
    fetched: Any = source.fetch(item)
    assert fetched.data == board.file(next(post for post in board.posts if post.id == int(item.origin)))
    assert fetched.facts["url"] == item.place


def test_a_file_that_was_replaced_meanwhile_is_fetched_as_it_is_now(opened: Open) -> None:
    with Danbooru(some_posts(3)) as board:
        source = opened(board, tags=["margot"])
        item = source.page("").items[0]
        now = board.replace_file(int(item.origin), noise("another", size=(16, 16)))
        fetched: Any = source.fetch(item)
        assert fetched.data == board.file(now)
        assert fetched.md5 == board.md5(now)
        assert len(board.log.requests_for("/posts.json")) == 2


def test_all_files_that_are_gone_are_looked_for_at_once(opened: Open) -> None:
    spoiling = Faults(Fault(faults.not_found(), "/original/*"))
    with Danbooru(some_posts(30), around=spoiling) as board:
        source = opened(board, tags=["margot"])
        items = source.page("").items
        now = board.replace_file(int(items[20].origin), noise("another", size=(16, 16)))
        found = [source.fetch(item) for item in items]
        assert all(isinstance(each, Drop) and each.reason is Reason.FETCH_FAILED for each in found)
        assert len(board.log.requests_for("/posts.json")) == 2
        asked_for = [entry.path for entry in board.log.requests_for("/original/*")]
        assert len(asked_for) == 31
        assert board.md5(now) in asked_for[21]


def test_a_post_that_could_not_be_read_is_read_again_when_it_is_wanted_again(opened: Open) -> None:
    def odd(request: Request, handle: Handle) -> Answer:
        return json_answer([{**row, "image_width": "wide"} for row in json.loads(handle(request).body)])

    with Danbooru(some_posts(1), around=Faults(Fault(odd, "/posts.json", times=1))) as board:
        source = opened(board, tags=["margot"])
        (item,) = source.page("").items
        assert item.trouble is not None
        fetched: Any = source.fetch(replace(item, trouble=None))
        assert fetched.data == board.file(board.posts[0])


def test_a_post_that_is_no_post_stays_an_error(opened: Open) -> None:
    with Danbooru(some_posts(1)) as board, pytest.raises(ValueError, match="without id"):
        opened(board).fetch(Item("without id 123", ""))


def test_a_post_that_the_board_does_not_have_is_a_drop(opened: Open) -> None:
    with Danbooru(some_posts(1)) as board:
        dropped: Any = opened(board).fetch(Item("5", ""))
    assert dropped == Drop(Reason.FETCH_FAILED, "the board has no such post")


def test_a_file_that_is_gone_is_a_drop(opened: Open) -> None:
    spoiling = Faults(Fault(faults.not_found(), "/original/*"))
    with Danbooru(some_posts(1), around=spoiling) as board:
        source = opened(board, tags=["margot"])
        dropped: Any = source.fetch(source.page("").items[0])
        assert dropped.reason is Reason.FETCH_FAILED
        assert len(board.log.requests_for("/original/*")) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_banned": True}, Reason.BANNED),
        ({"bit_flags": 4}, Reason.TAKEN_DOWN),
        ({"is_deleted": True}, Reason.DELETED),
    ],
)
def test_a_post_that_was_hidden_meanwhile_says_so(opened: Open, change: dict[str, Any], reason: Reason) -> None:
    spoiling = Faults(Fault(faults.not_found(), "/original/*"))
    with Danbooru(some_posts(1), around=spoiling) as board:
        source = opened(board, tags=["margot"])
        item = source.page("").items[0]
        board.change(int(item.origin), **change)
        dropped: Any = source.fetch(item)
        assert dropped.reason is reason


def test_a_post_that_cannot_be_read_is_trouble_of_its_own(opened: Open) -> None:
    def odd(request: Request, handle: Handle) -> Answer:
        rows = json.loads(handle(request).body)
        return json_answer([{**rows[0], "image_width": "wide"}, *rows[1:], {"no": "id"}] if rows else rows)

    with Danbooru(some_posts(5), around=Faults(Fault(odd, "/posts.json"))) as board:
        items = listed(opened(board, tags=["margot"]))
        numbers = [str(post.id) for post in board.posts]
    assert [item.origin for item in items[:5]] == numbers
    assert [item.trouble is None for item in items] == [False, True, True, True, True, False]
    assert items[5].origin.startswith("without id ")


def test_half_a_page_is_asked_for_again(opened: Open) -> None:
    spoiling = Faults(Fault(faults.half_a_page(), "/posts.json", times=2))
    with Danbooru(some_posts(5), around=spoiling) as board:
        assert len(listed(opened(board, tags=["margot"]))) == 5
        assert len(board.log) == 4


@pytest.mark.parametrize("spoil", [faults.half_a_page(), faults.html_page("application/json")])
def test_a_board_that_never_sends_a_whole_page_is_tried_again_later(opened: Open, spoil: Any) -> None:
    with Danbooru(some_posts(5), around=Faults(Fault(spoil, "/posts.json"))) as board:
        with pytest.raises(Transient, match="something else than a Danbooru"):
            opened(board, tags=["margot"]).page("")
        assert len(board.log) == 4


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (403, "User::PrivilegeError", HostRefuses),
        (404, "ActionController::RoutingError", RunUnusable),
        (422, "PostQuery::Error", RunUnusable),
        (500, "ActiveRecord::QueryCanceled", Transient),
    ],
)
def test_refusals_of_the_board_are_told_as_it_words_them(
    opened: Open, status: int, error: str, kind: type[Exception]
) -> None:
    answer = json_answer({"success": False, "error": error, "message": "its words"}, status)
    with Danbooru(some_posts(1), around=answering(answer)) as board, pytest.raises(kind, match=f"{error}: its words"):
        opened(board).page("")


def test_a_board_that_ends_numbered_pages_early_is_told_with_the_remedy(opened: Open) -> None:
    rules = Rules(visitors=replace(Account(""), page_limit=1))
    with Danbooru(some_posts(1), rules) as board:
        source = opened(board, tags=["margot"], order="score")
        after = source.page("").next
        assert after == "2/1"
        with pytest.raises(RunUnusable, match=r"danbooru\.order: .*set `limit`"):
            source.page(after)


def test_days_are_whole_and_in_utc_whatever_the_zone_of_the_board(opened: Open) -> None:
    with Danbooru(some_posts(72)) as board:
        items = listed(opened(board, tags=["margot"], since="2024-05-02", until="2024-05-02"))
        kept = {int(item.origin) for item in items if item.drop is None}
        expected = {post.id for post in board.posts if f"{post.created_at.astimezone(UTC):%F}" == "2024-05-02"}
    assert kept == expected
    assert len(kept) == 24
    assert {item.drop.reason for item in items if item.drop is not None} == {Reason.OUTSIDE_DATES}


def test_posts_created_out_of_order_are_all_found(board: Danbooru, opened: Open) -> None:
    by_id = [post.created_at for post in board.posts]
    assert by_id != sorted(by_id, reverse=True)
    first = min(by_id).astimezone(UTC)
    items = listed(opened(board, since=f"{first:%F}", until=f"{datetime.now(UTC):%F}"))
    assert Reason.OUTSIDE_DATES not in reasons(items).values()


def test_posts_are_counted_in_one_request_or_not_at_all(board: Danbooru, opened: Open) -> None:
    before = len(board.log)
    found = [post for post in board.posts if post.rating == "g" and not post.is_deleted]
    assert opened(board).count() == len(found)
    assert len(board.log) - before == 1
    with Danbooru(some_posts(1), Rules(counts_are_unknown=True)) as other:
        assert opened(other).count() is None
