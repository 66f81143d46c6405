"""Searches and pages of the loopback Danbooru are those of Danbooru: each test is a fact about the real one."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.servers.boards.conftest import Connect
from tests.servers.boards.danbooru import Account, Danbooru, Mixture, Rules
from tests.servers.boards.danbooru_client import EVERYTHING, SMALL, found, ids, some_posts

ZONE = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def board() -> Iterator[Danbooru]:
    """A board that no test changes."""
    accounts = {
        "anya": Account("right", tag_limit=6, page_limit=5000),
        "tokyo": Account("right", zone="Asia/Tokyo"),
        "careful": Account("right", is_in_safe_mode=True),
        "gold": Account("right", sees_restricted=True),
    }
    with Danbooru(SMALL, Rules(accounts=accounts)) as board:
        yield board


@pytest.fixture
def client(board: Danbooru, connect: Connect) -> httpx.Client:
    return connect(board.address)


def test_pages_before_an_id_walk_all_posts_without_an_end(board: Danbooru, client: httpx.Client) -> None:
    walked: list[int] = []
    page = ids(client, EVERYTHING, page="b999999999", limit=50)
    while page:
        walked += page
        page = ids(client, EVERYTHING, page=f"b{page[-1]}", limit=50)
    assert walked == [post.id for post in board.posts]


def test_pages_after_an_id_come_newest_first(board: Danbooru, client: httpx.Client) -> None:
    rising = [post.id for post in board.posts][::-1]
    assert ids(client, "", page=f"a{rising[9]}", limit=5) == rising[10:15][::-1]


def test_pages_beside_an_id_ignore_an_order(board: Danbooru, client: httpx.Client) -> None:
    newest = [post.id for post in board.posts][:30]
    assert ids(client, "order:score", limit=30) != newest
    assert ids(client, "order:score", page="b999999999", limit=30) == newest


def test_the_best_come_first_on_numbered_pages(client: httpx.Client) -> None:
    first, second = (found(client, "order:score", page=page, limit=30) for page in (1, 2))
    scores = [row["score"] for row in first + second]
    assert scores == sorted(scores, reverse=True)
    assert not {row["id"] for row in first} & {row["id"] for row in second}


def test_a_page_has_20_posts_by_itself_and_200_at_most(connect: Connect) -> None:
    with Danbooru(Mixture(posts=230, size=(4, 4))) as board:
        client = connect(board.address)
        assert len(client.get("/posts.json").json()) == 20
        assert len(client.get("/posts.json", params={"limit": 1000}).json()) == 200


def test_numbered_pages_end_at_1000(client: httpx.Client) -> None:
    assert ids(client, "", page=1000) == []
    answer = client.get("/posts.json", params={"page": 1001})
    assert (answer.status_code, answer.json()["success"]) == (410, False)


def test_a_date_range_ends_at_the_first_minute_of_its_last_day_in_new_york(connect: Connect) -> None:
    with Danbooru(some_posts(72)) as board:
        local = {post.id: post.created_at.astimezone(ZONE) for post in board.posts}
        days = sorted({f"{time:%Y-%m-%d}" for time in local.values()})
        rows = ids(connect(board.address), f"date:{days[0]}..{days[1]}", page="b999")
    last = max(local[row] for row in rows)
    assert f"{last:%Y-%m-%d %H:%M}" == f"{days[1]} 00:00"


def test_the_days_of_an_account_are_those_of_its_zone(client: httpx.Client) -> None:
    def days(**account: str) -> set[str]:
        return {row["created_at"][:10] for row in found(client, "date:2024-01-05", **account)}

    assert days() == days(login="tokyo", api_key="right") == {"2024-01-05"}
    assert ids(client, "date:2024-01-05") != ids(client, "date:2024-01-05", login="tokyo", api_key="right")


def test_a_day_alone_is_the_whole_day(connect: Connect) -> None:
    with Danbooru(some_posts(72)) as board:
        expected = {post.id for post in board.posts if f"{post.created_at.astimezone(ZONE):%d}" == "02"}
        assert set(ids(connect(board.address), "date:2024-05-02")) == expected
    assert len(expected) == 24


def test_a_search_by_date_comes_in_the_order_of_creation_but_not_on_pages_before_an_id(client: httpx.Client) -> None:
    rows = found(client, "date:>=2024-01-01")
    assert [row["created_at"] for row in rows] == sorted((row["created_at"] for row in rows), reverse=True)
    assert [row["id"] for row in rows] != sorted((row["id"] for row in rows), reverse=True)
    walked = ids(client, "date:>=2024-01-01", page="b999999999")
    assert walked == sorted(walked, reverse=True)


def test_more_than_two_counted_tags_are_refused_to_visitors(client: httpx.Client) -> None:
    answer = client.get("/posts.json", params={"tags": f"{EVERYTHING} solo smile"})
    assert answer.status_code == 422
    assert answer.json().keys() == {"success", "error", "message", "backtrace"}
    assert answer.json()["error"] == "PostQuery::TagLimitError"


@pytest.mark.parametrize("third", ["-smile", "order:score", "smil*", "scoer:>=5"])
def test_excluded_tags_orders_wildcards_and_misspelt_metatags_count(client: httpx.Client, third: str) -> None:
    assert client.get("/posts.json", params={"tags": f"{EVERYTHING} solo {third}"}).status_code == 422
    assert client.get("/posts.json", params={"tags": f"{EVERYTHING} {third}"}).status_code == 200


def test_metatags_about_a_post_itself_do_not_count(client: httpx.Client) -> None:
    free = "rating:g,s score:>=5 favcount:>=2 width:>=16 height:>=16 -status:deleted date:2024-01-01..2030-01-01"
    rows = found(client, f"{EVERYTHING} solo {free}")
    assert rows
    assert {row["rating"] for row in rows} == {"g", "s"}
    assert min(row["score"] for row in rows) >= 5
    assert min(row["fav_count"] for row in rows) >= 2
    assert not any(row["is_deleted"] for row in rows)


def test_an_account_may_search_for_more_tags(client: httpx.Client) -> None:
    rows = found(client, f"{EVERYTHING} solo smile -hat", login="anya", api_key="right")
    assert rows
    assert all("smile" in row["tag_string"] and " hat " not in row["tag_string"] for row in rows)


@pytest.mark.parametrize(
    "nonsense", ["score:>=many", "rating:x", "status:gone", "scoer:>=5", "(solo", 'source:"a', "date:yesterday", "-"]
)
def test_nonsense_is_an_empty_answer(client: httpx.Client, nonsense: str) -> None:
    assert found(client, nonsense) == []


def test_what_the_loopback_board_cannot_do_is_said(client: httpx.Client) -> None:
    assert client.get("/posts.json", params={"tags": "(solo or hat)"}).status_code == 501
    assert client.get("/posts.json", params={"tags": "user:anya"}).status_code == 501


def test_posts_are_found_by_id_md5_size_and_work(board: Danbooru, client: httpx.Client) -> None:
    visible = next(post for post in board.posts if not post.is_hidden and post.pixiv_id)
    assert ids(client, f"md5:{board.md5(visible)}") == [visible.id]
    assert ids(client, f"id:{visible.id}") == [visible.id]
    assert ids(client, f"id:>{visible.id - 1} id:<={visible.id}") == [visible.id]
    assert visible.id in ids(client, f"pixiv_id:{visible.pixiv_id}")
    assert ids(client, "width:>16") == ids(client, "filesize:<10") == ids(client, "-width:16") == []


def test_wildcards_match_tags(client: httpx.Client) -> None:
    assert ids(client, "margot_(*") == ids(client, "")
    assert ids(client, "artist_1*") == [row["id"] for row in found(client, "") if " artist_1" in row["tag_string"]]


def test_counts_ignore_the_tag_limit_and_include_hidden_and_deleted_posts(client: httpx.Client) -> None:
    answer = client.get("/counts/posts.json", params={"tags": f"{EVERYTHING} solo 1girl"})
    assert answer.json() == {"counts": {"posts": 120}}


def test_a_count_may_be_unknown(connect: Connect) -> None:
    with Danbooru(SMALL, Rules(counts_are_unknown=True)) as board:
        assert connect(board.address).get("/counts/posts.json").json() == {"counts": {"posts": None}}
