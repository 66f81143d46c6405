"""The loopback Pixiv behaves as Pixiv does: each test is a fact about the real one."""

import io
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image

from tests.servers.boards import faults
from tests.servers.boards.conftest import Connect, SignedIn
from tests.servers.boards.injection import Fault, Faults
from tests.servers.boards.pixiv import Pixiv, Rules
from tests.servers.boards.pixiv_client import REFERER, SMALL, TAG, detail, search, walked
from tests.servers.boards.works import JST, Work, Works


@pytest.fixture(scope="module")
def board() -> Iterator[Pixiv]:
    """A board that no test changes."""
    with Pixiv(SMALL) as board:
        yield board


@pytest.fixture
def client(board: Pixiv, signed_in: SignedIn) -> httpx.Client:
    return signed_in(board)


def shown(board: Pixiv) -> list[Work]:
    return [work for work in board.works.values() if not work.is_limited]


def test_a_search_has_pages_of_30_that_lead_to_all_works_newest_first(board: Pixiv, client: httpx.Client) -> None:
    assert len(search(client).json()["illusts"]) == 30
    rows = walked(client)
    assert [row["id"] for row in rows] == sorted(board.works, reverse=True)
    assert [row["id"] for row in walked(client, sort="date_asc")] == sorted(board.works)


def test_the_next_page_is_at_the_real_host(client: httpx.Client) -> None:
    address = search(client).json()["next_url"]
    assert address.startswith("https://app-api.pixiv.net/v1/search/illust?")
    assert parse_qs(urlsplit(address).query) == {"word": [TAG], "offset": ["30"]}


def test_an_offset_above_5000_is_refused(client: httpx.Client) -> None:
    assert search(client, offset=5000).json()["illusts"] == []
    answer = search(client, offset=5001)
    assert answer.status_code == 400
    assert answer.json()["error"]["offset"] == ["offset must be no more than 5000"]


def test_5010_works_can_be_reached_in_a_window(signed_in: SignedIn) -> None:
    with Pixiv(Works(works=5100, size=(1, 1), hours_apart=2, most_pages=1)) as board:
        last = search(signed_in(board), offset=4980).json()
    assert len(last["illusts"]) == 30
    assert parse_qs(urlsplit(last["next_url"]).query)["offset"] == ["5010"]


def test_both_days_of_a_window_belong_to_it_and_are_days_in_japan(board: Pixiv, client: httpx.Client) -> None:
    rows = walked(client, start_date="2023-01-03", end_date="2023-01-04")
    days = {work.id: work.created_at.astimezone(JST).day for work in board.works.values()}
    assert {row["id"] for row in rows} == {number for number, day in days.items() if day in (3, 4)}
    assert {days[row["id"]] for row in rows} == {3, 4}
    assert search(client, start_date="yesterday").status_code == 400


def test_new_works_shift_the_offsets_so_that_rows_come_twice(signed_in: SignedIn) -> None:
    with Pixiv(SMALL, Rules(new_work_every=2)) as board:
        rows = [row["id"] for row in walked(signed_in(board))]
        assert len(board.works) > 100
    assert len(rows) > len(set(rows))
    assert set(rows) >= set(sorted(board.works)[:100])


def test_a_minimum_of_bookmarks_is_ignored_without_premium(signed_in: SignedIn, client: httpx.Client) -> None:
    assert len(walked(client, bookmark_num_min=5000)) == 100
    with Pixiv(SMALL, Rules(is_premium=True)) as paid:
        rows = walked(signed_in(paid), bookmark_num_min=5000)
    assert 0 < len(rows) < 100


def test_works_by_ai_are_left_out_when_that_is_asked_for(board: Pixiv, client: httpx.Client) -> None:
    by_ai = {work.id for work in board.works.values() if work.ai_type == 2}
    assert by_ai
    assert {row["id"] for row in walked(client, search_ai_type=1)} == board.works.keys() - by_ai
    assert {row["id"] for row in walked(client, search_ai_type=0)} == board.works.keys()
    told = {row["id"]: row["illust_ai_type"] for row in walked(client) if row["visible"]}
    assert {number for number, kind in told.items() if kind == 2} == by_ai & told.keys()


def test_words_are_matched_in_tags_whole_or_in_part_or_in_titles(client: httpx.Client) -> None:
    popular = walked(client, word=f"{TAG}1000users")
    assert popular
    assert walked(client, word=f"{TAG}1000users", search_target="exact_match_for_tags") == []
    assert len(walked(client, word="Margot", search_target="title_and_caption")) == 100
    without = walked(client, word=f"{TAG} -users入り")
    assert not {row["id"] for row in without} & {row["id"] for row in popular}


def test_tags_of_popularity_are_incomplete(board: Pixiv) -> None:
    popular = [work for work in board.works.values() if work.bookmarks >= 1000]
    tagged = [work for work in popular if any("users入り" in tag for tag in work.tags)]
    assert 0 < len(tagged) < len(popular)


def test_a_limited_work_has_zeros_empty_fields_and_a_placeholder(board: Pixiv, client: httpx.Client) -> None:
    limited = next(work for work in board.works.values() if work.is_limited)
    row = detail(client, limited)
    assert row["visible"] is False
    assert [row[name] for name in ("total_bookmarks", "total_view", "x_restrict", "illust_ai_type")] == [0, 0, 0, 0]
    assert (row["title"], row["tags"]) == ("", [])
    original = row["meta_single_page"]["original_image_url"]
    assert original.endswith("/limit_sanity_level_360.png")
    assert Image.open(io.BytesIO(client.get(original).content)).size == (360, 360)


def test_a_limited_work_is_open_at_the_web_pages_without_a_cookie(board: Pixiv, connect: Connect) -> None:
    limited = next(work for work in board.works.values() if work.is_limited and work.x_restrict == 0)
    client = connect(board.address)
    body = client.get(f"/ajax/illust/{limited.id}").json()["body"]
    assert (body["bookmarkCount"], body["pageCount"]) == (limited.bookmarks, len(limited.pages))
    for page, row in enumerate(client.get(f"/ajax/illust/{limited.id}/pages").json()["body"]):
        assert client.get(row["urls"]["original"], headers=REFERER).content == board.file(limited, page)


def test_a_work_for_adults_needs_a_cookie_at_the_web_pages(board: Pixiv, connect: Connect) -> None:
    adult = next(work for work in board.works.values() if work.x_restrict == 1)
    client = connect(board.address)
    assert client.get(f"/ajax/illust/{adult.id}").json()["body"]["urls"]["original"] is None
    assert client.get(f"/ajax/illust/{adult.id}/pages").status_code == 404
    cookie = {"Cookie": "PHPSESSID=1_abc"}
    assert client.get(f"/ajax/illust/{adult.id}/pages", headers=cookie).json()["error"] is False


def test_works_for_adults_are_in_searches_and_say_so(board: Pixiv, client: httpx.Client) -> None:
    adult = {work.id for work in shown(board) if work.x_restrict == 1}
    assert {row["id"] for row in walked(client) if row["x_restrict"] == 1} == adult != set()


def test_a_work_of_one_page_and_one_of_several_have_their_addresses_in_different_places(
    board: Pixiv, client: httpx.Client
) -> None:
    one = detail(client, next(work for work in shown(board) if len(work.pages) == 1))
    several = detail(client, next(work for work in shown(board) if len(work.pages) > 1))
    assert (one["page_count"], one["meta_pages"]) == (1, [])
    assert "original_image_url" in one["meta_single_page"]
    assert several["meta_single_page"] == {}
    assert len(several["meta_pages"]) == several["page_count"] > 1


def test_every_page_has_an_extension_of_its_own(board: Pixiv, client: httpx.Client) -> None:
    mixed = next(work for work in shown(board) if len({page.extension for page in work.pages}) == 2)
    originals = [page["image_urls"]["original"] for page in detail(client, mixed)["meta_pages"]]
    assert {address.rpartition(".")[2] for address in originals} == {"png", "jpg"}
    for page, address in enumerate(originals):
        assert client.get(address, headers=REFERER).content == board.file(mixed, page)
        stem, _, extension = address.rpartition(".")
        other = {"png": "jpg", "jpg": "png"}[extension]
        assert client.get(f"{stem}.{other}", headers=REFERER).status_code == 404


def test_works_that_move_say_so_and_their_files_have_names_of_their_own(board: Pixiv, client: httpx.Client) -> None:
    moving = next(work for work in shown(board) if work.kind == "ugoira")
    row = detail(client, moving)
    original = row["meta_single_page"]["original_image_url"]
    assert (row["type"], f"/{moving.id}_ugoira0." in original) == ("ugoira", True)
    assert client.get(original, headers=REFERER).content == board.file(moving, 0)
    assert client.get(original.replace("_ugoira0", "_p0"), headers=REFERER).status_code == 404
    assert {row["type"] for row in walked(client)} == {"illust", "manga", "ugoira"}


def test_renditions_are_other_files(board: Pixiv, client: httpx.Client) -> None:
    work = shown(board)[0]
    for address in detail(client, work)["image_urls"].values():
        rendition = client.get(address, headers=REFERER)
        assert rendition.headers["content-type"] == "image/jpeg"
        assert rendition.content != board.file(work, 0)


@pytest.mark.parametrize(
    ("referer", "status"),
    [
        ({}, 403),
        ({"Referer": "https://example.net/"}, 403),
        ({"Referer": "https://notpixiv.net/"}, 403),
        ({"Referer": "https://www.pixiv.net/artworks/1"}, 200),
        (REFERER, 200),
    ],
)
def test_the_picture_host_wants_a_referer_of_pixiv(
    board: Pixiv, client: httpx.Client, referer: dict[str, str], status: int
) -> None:
    work = next(work for work in shown(board) if len(work.pages) == 1)
    original = detail(client, work)["meta_single_page"]["original_image_url"]
    assert client.get(original, headers=referer).status_code == status


def test_a_work_that_is_gone_is_404_and_in_no_search(signed_in: SignedIn) -> None:
    with Pixiv(SMALL) as board:
        client, work = signed_in(board), shown(board)[0]
        assert client.get("/v1/illust/detail", params={"illust_id": work.id}).status_code == 200
        board.change(work.id, is_gone=True)
        assert client.get("/v1/illust/detail", params={"illust_id": work.id}).status_code == 404
        assert client.get(f"/ajax/illust/{work.id}").status_code == 404
        assert work.id not in {row["id"] for row in walked(client)}


def test_bookmarks_may_change(signed_in: SignedIn) -> None:
    with Pixiv(SMALL) as board:
        work = board.change(shown(board)[0].id, bookmarks=123_456)
        assert detail(signed_in(board), work)["total_bookmarks"] == 123_456


def test_an_artist_is_known(board: Pixiv, client: httpx.Client) -> None:
    number = next(iter(board.works.values())).user_id
    answer = client.get("/v1/user/detail", params={"user_id": number}).json()
    assert answer["user"]["id"] == number
    assert answer["profile"]["total_illusts"] >= 1
    assert client.get("/v1/user/detail", params={"user_id": 1}).status_code == 404


def test_a_rate_limit_is_403_with_its_own_message(signed_in: SignedIn) -> None:
    spoiling = Faults(Fault(faults.pixiv_rate_limit(), "/v1/search/illust", after=1, times=1))
    with Pixiv(SMALL, around=spoiling) as board:
        client = signed_in(board)
        answers = [search(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 403, 200]
    assert answers[1].json()["error"]["message"] == "Rate Limit"


def test_faults_hit_the_picture_host_too(signed_in: SignedIn) -> None:
    with Pixiv(SMALL, around=Faults(Fault(faults.unavailable(), "/img-original/*"))) as board:
        client = signed_in(board)
        row = detail(client, next(work for work in shown(board) if len(work.pages) == 1))
        original = row["meta_single_page"]["original_image_url"]
        assert client.get(original, headers=REFERER).status_code == 503
        assert client.get(row["image_urls"]["large"], headers=REFERER).status_code == 200
        assert [entry.status for entry in board.files.log.requests_for("/img-original/*")] == [503]
