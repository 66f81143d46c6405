"""Listings of loopback boards by gallery-dl: what they ask, what becomes of each file, and how they can end."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from demo.board.messages import Answer
from services.scraper.sources.gallery.program import AT_ONCE
from services.scraper.sources.gallery.source import GallerySource
from services.scraper.sources.source import Fetched, Item, Page
from services.scraper.web.hosts import Hosts
from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import HostRefuses, Interrupted, RunUnusable, Transient
from shared.contract.reasons import Drop, Reason
from tests.servers.boards import faults
from tests.servers.boards.danbooru import Danbooru, Fault, Faults, Mixture
from tests.services.scraper.sources.gallery.conftest import SEARCH, Moebooru, Open
from tests.services.scraper.web.conftest import SkippedTime

FEW = Mixture(posts=40, size=(4, 4), hidden=0.1, deleted=0.1, ratings={"g": 6, "s": 3, "q": 1})
TWO_PAGES = Mixture(posts=230, size=(4, 4), hidden=0, deleted=0)
NO_JSON = Answer(200, b"<html>", {"Content-Type": "text/html"})


def pages(source: GallerySource, cursor: str | None = "") -> Iterator[Page]:
    while cursor is not None:
        page = source.page(cursor)
        yield page
        cursor = page.next


def origins(items: tuple[Item, ...] | list[Item]) -> list[int]:
    return [int(item.origin) for item in items]


def listings(board: Danbooru) -> list[str | None]:
    return [entry.query.get("page") for entry in board.log.requests_for("/posts.json")]


def spoilt(answer: Answer, **when: Any) -> Faults:
    return Faults(Fault(lambda request, handle: answer, "/posts.json", **when))


def running(address: str) -> list[int]:
    """Processes that were started with an address."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if address.encode() in words:
            found.append(int(folder.name))
    return found


def test_every_file_that_the_board_shows_is_an_item(opened: Open) -> None:
    with Danbooru(FEW) as board:
        page = opened(board.address + SEARCH).page("")
        shown = [post for post in board.posts if not post.is_hidden]
        assert origins(page.items) == [post.id for post in shown]
        assert page.next is None
        by_reason = Counter(item.drop.reason if item.drop else None for item in page.items)
        assert by_reason == {
            None: sum(post.rating == "g" and not post.is_deleted for post in shown),
            Reason.DELETED: sum(post.is_deleted for post in shown),
            Reason.WRONG_RATING: sum(post.rating != "g" and not post.is_deleted for post in shown),
        }
        assert all(item.state["md5"] == board.md5(post) for item, post in zip(page.items, shown, strict=True))


def test_the_board_hears_our_name_and_nothing_of_a_person_s_own_settings(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".config" / "gallery-dl"
    folder.mkdir(parents=True)
    settings = {"user-agent": "somebody else", "extractor": {"image-range": "1-2", "cookies": {"a": "b"}}}
    (folder / "config.json").write_text(json.dumps(settings))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    with Danbooru(FEW) as board:
        assert len(opened(board.address + SEARCH).page("").items) > 30
        entry = board.log[0]
    assert entry.headers["user-agent"].startswith("Magritte/")
    assert "anya@example.net" in entry.headers["user-agent"]
    assert "cookie" not in entry.headers


def test_a_search_that_looks_like_an_option_is_a_search(opened: Open) -> None:
    with Danbooru(FEW) as board:
        opened(f"{board.address}/posts?tags=solo+--filter=1").page("")
        assert {entry.query["tags"] for entry in board.log} == {"solo --filter=1"}


def test_short_pages_lose_nothing(opened: Open) -> None:
    with Danbooru(TWO_PAGES, around=Faults(Fault(faults.shorter_pages(150), "/posts.json"))) as board:
        assert origins(opened(board.address + SEARCH).page("").items) == [post.id for post in board.posts]


def test_a_listing_goes_on_at_its_cursor(opened: Open) -> None:
    with Danbooru(TWO_PAGES) as board:
        page = opened(board.address + SEARCH).page("210/100")
        assert origins(page.items) == [post.id for post in board.posts[210:]]
        assert listings(board)[0] == "2"


@pytest.mark.parametrize("cursor", ["210", "b5/1", "-1/0", "1/2/3"])
def test_a_cursor_of_another_source_is_refused(opened: Open, cursor: str) -> None:
    with pytest.raises(ValueError, match="not a place in a listing of gallery-dl"):
        opened("http://127.0.0.1:9/posts?tags=a").page(cursor)


def test_it_ends_with_the_file_with_which_the_limit_is_reached(opened: Open) -> None:
    with Danbooru(TWO_PAGES) as board:
        page = opened(board.address + SEARCH, limit=10).page("")
        assert (len(page.items), page.next) == (10, None)
        assert listings(board) == [None]
        assert running(board.address) == []


def test_rules_of_the_recipe_leave_posts_out(opened: Open) -> None:
    with Moebooru(30) as board:
        source = opened(f"{board.address}/post?tags=margot", software="moebooru", score=4, exclude=["comic"])
        found = {item.origin: item.drop.reason if item.drop else None for item in source.page("").items}
    assert [found[str(number)] for number in (30, 29, 11, 3)] == [
        Reason.EXCLUDED_TAG,
        None,
        Reason.WRONG_RATING,
        Reason.BELOW_SCORE,
    ]


def test_a_board_of_another_kind_is_listed_page_by_page_and_its_files_are_fetched(opened: Open) -> None:
    with Moebooru(120) as board:
        source = opened(f"{board.address}/post?tags=margot", software="moebooru")
        page = source.page("")
        assert [int(item.origin) for item in page.items] == list(range(120, 0, -1))
        fetched = source.fetch(page.items[0])
        assert isinstance(fetched, Fetched)
        assert fetched.data == board.pictures[120]
        asked = board.log[-1]
    assert asked.headers["referer"] == f"{board.address}/"
    assert asked.headers["user-agent"].startswith("Magritte/")


def test_other_bytes_than_the_board_says_are_not_taken(opened: Open) -> None:
    with Moebooru(1, Faults(Fault(faults.wrong_bytes(), "/image/*"))) as board:
        source = opened(f"{board.address}/post?tags=margot", software="moebooru", unrated=True)
        dropped = source.fetch(source.page("").items[0])
    assert isinstance(dropped, Drop)
    assert dropped.reason is Reason.FETCH_FAILED


def test_half_a_listing_is_gone_on_with_and_never_the_whole(opened: Open) -> None:
    with Danbooru(TWO_PAGES, around=spoilt(NO_JSON, after=1, times=1)) as board, capture_logs() as logs:
        first, second = pages(opened(board.address + SEARCH))
        assert len(first.items) == 200
        assert origins(first.items + second.items) == [post.id for post in board.posts]
    assert [entry["event"] for entry in logs] == ["listing broke off"]


def test_a_listing_that_breaks_off_at_once_is_an_error(opened: Open) -> None:
    with Danbooru(FEW, around=spoilt(NO_JSON)) as board, pytest.raises(Transient, match="JSONDecodeError"):
        opened(board.address + SEARCH).page("")


def test_what_is_out_of_order_for_a_moment_is_asked_for_again(opened: Open) -> None:
    with Danbooru(FEW, around=Faults(Fault(faults.unavailable(), "/posts.json", times=1))) as board:
        assert len(opened(board.address + SEARCH).page("").items) > 30
        assert [entry.status for entry in board.log] == [503, 200, 200]


@pytest.mark.parametrize(
    ("path", "software", "complaint"),
    [
        (SEARCH, None, "knows no such board"),
        ("/nothing/here", "Danbooru", "knows no such board"),
        ("/posts?tags=a+b+c", "Danbooru", "does not take the search"),
        ("/posts/99", "Danbooru", "There is no such page"),
    ],
)
def test_an_address_that_leads_nowhere_is_the_run_s_error(
    opened: Open, path: str, software: str | None, complaint: str
) -> None:
    with Danbooru(FEW) as board, pytest.raises(RunUnusable, match=complaint):
        opened(board.address + path, software=software).page("")


def test_a_challenge_ends_all_asking_of_the_host(opened: Open) -> None:
    time = SkippedTime()
    hosts = Hosts(time.clock, time.sleep)
    with Danbooru(FEW, around=Faults(Fault(faults.challenge()))) as board:
        for _ in range(2):
            with pytest.raises(HostRefuses):
                opened(board.address + SEARCH, hosts=hosts).page("")
        assert len(board.log) == 1


def test_finding_nothing_is_a_warning(opened: Open) -> None:
    with Danbooru(FEW) as board, capture_logs() as logs:
        page = opened(f"{board.address}/posts?tags=nobody").page("")
    assert (page.items, page.next) == ((), None)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("nothing found", "warning")]


def test_a_board_that_is_not_public_is_not_asked(opened: Open) -> None:
    with Danbooru(FEW) as board, pytest.raises(RunUnusable, match=r"127\.0\.0\.1 is not a public address"):
        opened(board.address + SEARCH, egress=EgressPolicy()).page("")
    assert board.log == []


def test_a_redirect_to_an_address_that_is_not_public_is_not_followed(opened: Open) -> None:
    with Danbooru(FEW, files_host="127.0.0.2") as board:
        away = Answer(302, b"", {"Location": f"{board.files.address}/posts.json"})
        with (
            Danbooru(FEW, around=spoilt(away)) as asked,
            pytest.raises(RunUnusable, match=r"127\.0\.0\.2 is not a public address"),
        ):
            opened(asked.address + SEARCH).page("")
        assert board.files.log == []


def test_the_program_is_ended_when_the_scraper_is_to_stop(opened: Open) -> None:
    with Danbooru(FEW, around=spoilt(Answer(200, b"[]", delay=60))) as board:
        seen: list[int] = []

        def stopping() -> bool:
            seen[:] = seen or running(board.address)
            return bool(seen)

        with pytest.raises(Interrupted):
            opened(board.address + SEARCH, stopping=stopping).page("")
        assert len(seen) == 1
        assert running(board.address) == []


def test_a_program_that_does_nothing_for_long_is_ended(opened: Open) -> None:
    time = SkippedTime()

    def stopping() -> bool:
        time.skipped += 10 if running(board.address) else 0
        return False

    with Danbooru(FEW, around=spoilt(Answer(200, b"[]", delay=60))) as board:
        source = opened(board.address + SEARCH, stopping=stopping, hosts=Hosts(time.clock, time.sleep))
        with pytest.raises(Transient, match="has done nothing for 30 minutes"):
            source.page("")
        assert running(board.address) == []


def test_only_a_few_programs_are_at_work_at_once(opened: Open) -> None:
    ended = threading.Event()

    def page(source: GallerySource) -> None:
        with pytest.raises(Interrupted):
            source.page("")

    with Danbooru(FEW, around=spoilt(Answer(200, b"[]", delay=60))) as board:
        sources = [opened(f"{board.address}/posts?tags={name}", stopping=ended.is_set) for name in "abcde"]
        threads = [threading.Thread(target=page, args=(source,)) for source in sources]
        for thread in threads:
            thread.start()
        while len(board.log) < AT_ONCE:
            ended.wait(0.1)
        ended.wait(1)  # time for one more to begin, if there were one
        at_work = len(running(board.address))
        ended.set()
        for thread in threads:
            thread.join()
    assert at_work == AT_ONCE
