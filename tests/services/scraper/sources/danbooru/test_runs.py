"""Runs of the scraper over a board on loopback: every post has one fate, and nothing is asked for twice."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from structlog.testing import capture_logs

from demo.board.messages import Answer, Handle, Request
from demo.board.pictures import noise
from shared.contract.messages import ImageDropped, ImageFetched, Message, SourceExhausted
from shared.contract.reasons import Reason
from shared.ledger.listing import find_page
from shared.store import FolderStore
from tests.servers.boards import faults
from tests.servers.boards.danbooru import Danbooru, Fault, Faults, Mixture
from tests.servers.boards.danbooru_client import EVERYTHING
from tests.services.scraper.conftest import Scrape

MIXTURE = Mixture(posts=230, size=(64, 64), hidden=0.1, deleted=0)


def source(board: Danbooru, **fields: Any) -> dict[str, Any]:
    return {"danbooru": {"tags": [EVERYTHING], "address": board.address, "pause": 0, **fields}}


def fates(messages: list[Message]) -> Counter[str]:
    return Counter(m.reason if isinstance(m, ImageDropped) else type(m).__name__ for m in messages)


def requests(board: Danbooru) -> tuple[int, int]:
    return len(board.log.requests_for("/posts.json")), len(board.log.requests_for("/original/*"))


def test_every_post_has_one_fate_and_each_is_asked_for_once(scrape: Scrape) -> None:
    spoiling = Faults(
        Fault(faults.unavailable(seconds=0), "/original/*", times=1, each=True, most_paths=9),
        Fault(faults.not_found(), "/original/*", share=0.1, most_paths=5),
        Fault(faults.unavailable(), "/posts.json", times=1),
    )
    with Danbooru(MIXTURE, around=spoiling) as board:
        found = scrape(source(board))
        hidden = sum(post.is_hidden for post in board.posts)
        assert hidden > 5
        listings, files = requests(board)
        assert files == 230 - hidden + 9
        assert listings <= 4 + 2  # one more for each page that has files which are gone
        assert len(board.log) == listings + files
    assert isinstance(found[-1], SourceExhausted)
    assert found[-1].count == 230
    counts = fates(found)
    assert counts["ImageFetched"] == 230 - hidden - 5
    assert counts[Reason.FETCH_FAILED] == 5
    assert sum(counts[reason] for reason in (Reason.BANNED, Reason.TAKEN_DOWN, Reason.RESTRICTED)) == hidden


def test_another_run_asks_for_the_newest_and_the_changed_posts_alone(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as board:
        scrape(source(board))
        before = requests(board)
        again = scrape(source(board), run="run-002")
        assert requests(board) == (before[0] + 2, before[1])
        new = [post for post in board.add(15) if not post.is_hidden]
        scrape(source(board), run="run-003")
        assert requests(board) == (before[0] + 4, before[1] + len(new))
    assert again[-1] == SourceExhausted(run="run-002", source=0, count=230)


def test_a_lower_threshold_needs_no_new_walk(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as board:
        scrape(source(board, score=20))
        listings = requests(board)[0]
        scrape(source(board, score=5), run="run-002")
        assert requests(board)[0] == listings + 2


def test_files_that_were_replaced_are_fetched_in_place_of_those_that_are_remembered(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as board:
        scrape(source(board))
        before = requests(board)
        replaced = [post for post in board.posts[5:230:50] if not post.is_hidden]
        for number, post in enumerate(replaced):
            board.replace_file(post.id, noise(f"another {number}", size=(64, 64)))
        again = scrape(source(board), run="run-002")
        assert requests(board) == (before[0] + 2, before[1] + len(replaced))
        assert [entry.query["page"] for entry in board.log.requests_for("/posts.json")][-2:] == ["1", "b1000000000"]
        assert fates(again)["ImageFetched"] == 230 - sum(post.is_hidden for post in board.posts)
        scrape(source(board), run="run-003")
        assert requests(board)[1] == before[1] + len(replaced)


def test_posts_that_got_the_tag_since_are_found(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as board:
        post = next(post for post in board.posts[215:] if not post.is_hidden)
        board.change(post.id, tags={**post.tags, "character": ("margot",)})
        assert scrape(source(board))[-1] == SourceExhausted(run="run-001", source=0, count=229)
        board.change(post.id, tags=post.tags, updated_at=datetime.now(UTC))
        assert scrape(source(board), run="run-002")[-1] == SourceExhausted(run="run-002", source=0, count=230)


def test_a_board_that_takes_too_long_to_tell_of_changes_is_gone_through_without(scrape: Scrape) -> None:
    def slow(request: Request, handle: Handle) -> Answer:
        is_asked_for_changes = "order:change" in request.query["tags"]
        return faults.slow_search()(request, handle) if is_asked_for_changes else handle(request)

    with Danbooru(MIXTURE, around=Faults(Fault(slow, "/posts.json"))) as board, capture_logs() as logs:
        scrape(source(board))
        assert scrape(source(board), run="run-002")[-1] == SourceExhausted(run="run-002", source=0, count=230)
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["changes unknown"]


def test_with_two_tags_there_is_no_room_to_ask_for_changes(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as board:
        scrape(source(board, tags=[EVERYTHING, "solo"]))
        before = requests(board)
        scrape(source(board, tags=[EVERYTHING, "solo"]), run="run-002")
        assert requests(board) == (before[0] + 1, before[1])


def test_another_run_fetches_what_is_new_and_what_was_replaced_if_all_is_listed_again(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as board:
        scrape(source(board))
        before = requests(board)
        new = [post for post in board.add(15) if not post.is_hidden]
        replaced = [post for post in board.posts[20:60:10] if not post.is_hidden]
        for number, post in enumerate(replaced):
            board.replace_file(post.id, noise(f"another {number}", size=(64, 64)))
        again = scrape(source(board, remembered=0), run="run-002")
        listings, files = requests(board)
    assert (listings - before[0], files - before[1]) == (3, len(new) + len(replaced))
    assert fates(again)["ImageFetched"] == 245 - sum(post.is_hidden for post in board.posts)


def test_another_threshold_fetches_nothing_that_is_known(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as board:
        scrape(source(board, score=5))
        first = requests(board)[1]
        scrape(source(board, score=20), run="run-002")
        assert requests(board)[1] == first
        scrape(source(board), run="run-003")
        assert requests(board)[1] == 230 - sum(post.is_hidden for post in board.posts)


def test_what_the_board_says_is_written_down_of_each_original(scrape: Scrape, store: FolderStore) -> None:
    with Danbooru(MIXTURE) as board:
        fetched = next(m for m in scrape(source(board, limit=3, score_of_copies=7)) if isinstance(m, ImageFetched))
        post = next(post for post in board.posts if str(post.id) == origin(store, fetched.entry))
        listing = find_page(store, "run-001", 0, 1)
        assert listing is not None
        found = listing.entries[fetched.entry]["provenance"]
        assert (found["source"], found["score"], found["artist"]) == ("danbooru", 7, post.tags["artist"][0])
        assert set(found["tags"]) == post.all_tags
        assert found["post"]["address"] == f"{board.address}/posts/{post.id}"
        assert found["post"]["md5"] == board.md5(post)


def origin(store: FolderStore, entry: str) -> str:
    listing = find_page(store, "run-001", 0, 1)
    assert listing is not None
    return str(listing.entries[entry]["origin"])


def test_a_picture_is_not_fetched_again_from_another_danbooru(scrape: Scrape) -> None:
    with Danbooru(MIXTURE) as one, Danbooru(MIXTURE) as other:
        scrape(source(one))
        found = scrape(source(other), run="run-002")
        assert requests(other) == (3, 0)
        assert fates(found)["ImageFetched"] == 230 - sum(post.is_hidden for post in other.posts)
