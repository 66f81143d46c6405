"""Each fault does what its name says, to the requests that it is meant for."""

import gzip
import hashlib
import io
import json
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
from PIL import Image

from tests.servers.boards import faults
from tests.servers.boards.bombs import bomb_png
from tests.servers.boards.conftest import Connect
from tests.servers.boards.danbooru import Danbooru, Fault, Faults, Mixture

FILES = "/original/*"


class Spoilt:
    """A board with faults, a client of it, and its first page, which is asked for before they begin."""

    def __init__(self, board: Danbooru, client: httpx.Client, rows: list[dict[str, str]]) -> None:
        self.board, self.client = board, client
        self.files = [row["file_url"] for row in rows]
        self.md5s = [row["md5"] for row in rows]

    def get(self, number: int = 0) -> httpx.Response:
        return self.client.get(self.files[number])


Spoil = Callable[..., Spoilt]


@pytest.fixture
def spoilt(connect: Connect) -> Iterator[Spoil]:
    with ExitStack() as boards:

        def opened(*spoiling: Fault) -> Spoilt:
            listing: AbstractContextManager[Danbooru] = Danbooru(Mixture(posts=12, size=(32, 32), hidden=0))
            board = boards.enter_context(Danbooru(Mixture(posts=12, size=(32, 32), hidden=0), around=Faults(*spoiling)))
            with listing as well:
                rows = connect(well.address).get("/posts.json").json()
            moved = json.loads(json.dumps(rows).replace(well.address, board.address))
            return Spoilt(board, connect(board.address), moved)

        yield opened


def test_a_fault_hits_its_paths_and_its_number_of_requests(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.unavailable(), FILES, after=2, times=3))
    assert [board.get(number).status_code for number in range(7)] == [200, 200, 503, 503, 503, 200, 200]
    assert board.client.get("/posts.json").status_code == 200


def test_a_fault_may_hit_each_path_once(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.unavailable(), FILES, times=1, each=True))
    assert [board.get(number).status_code for number in (0, 0, 1, 1, 0)] == [503, 200, 503, 200, 200]


def test_everything_may_fail_once_some_files_were_fetched(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.unavailable(), after=2, counted=FILES))
    asked = ["/posts.json", board.files[0], "/posts.json", board.files[1], "/posts.json", board.files[2]]
    assert [board.client.get(address).status_code for address in asked] == [200, 200, 200, 200, 503, 503]


def test_a_fault_may_be_bounded_to_a_number_of_paths(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.unavailable(), FILES, times=1, each=True, most_paths=2))
    asked = [0, 0, 1, 2, 1, 3]
    assert [board.get(number).status_code for number in asked] == [503, 200, 503, 200, 200, 200]


def test_a_seed_chooses_the_files_that_are_hit(spoilt: Spoil) -> None:
    def hit(seed: int) -> list[int]:
        board = spoilt(Fault(faults.not_found(), FILES, share=0.5, seed=seed))
        return [board.get(number).status_code for number in range(12)]

    assert hit(1) == hit(1)
    assert hit(1) != hit(2)
    assert 404 in hit(1)
    assert 200 in hit(1)


def test_the_first_fault_that_applies_decides(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.not_found(), FILES, times=1), Fault(faults.unavailable(), FILES, times=2))
    assert [board.get().status_code for _ in range(3)] == [404, 503, 200]


def test_faults_can_be_ended(connect: Connect) -> None:
    spoiling = Faults(Fault(faults.challenge()))
    with Danbooru(Mixture(posts=2, size=(4, 4)), around=spoiling) as board:
        client = connect(board.address)
        answer = client.get("/posts.json")
        assert (answer.status_code, answer.headers["cf-mitigated"]) == (403, "challenge")
        spoiling.end()
        assert client.get("/posts.json").status_code == 200


def test_danbooru_s_own_429_has_points_and_no_time_to_wait(spoilt: Spoil) -> None:
    answer = spoilt(Fault(faults.too_many_requests())).get()
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert json.loads(answer.headers["x-rate-limit"]).keys() == {"action", "cost", "rate", "burst", "limits"}


def test_points_may_come_with_good_answers(spoilt: Spoil) -> None:
    answer = spoilt(Fault(faults.with_points(), FILES)).get()
    assert (answer.status_code, json.loads(answer.headers["x-rate-limit"])["limits"]) == (200, {"read": 0.0})


def test_a_front_end_s_429_has_seconds_to_wait(spoilt: Spoil) -> None:
    assert spoilt(Fault(faults.too_many_requests(7))).get().headers["retry-after"] == "7"


def test_a_503_may_have_a_date_to_come_back_at(spoilt: Spoil) -> None:
    answer = spoilt(Fault(faults.unavailable(3600))).get()
    wait = parsedate_to_datetime(answer.headers["retry-after"]) - datetime.now(UTC)
    assert 3500 < wait.total_seconds() <= 3600


def test_a_slow_search_is_cancelled(spoilt: Spoil) -> None:
    answer = spoilt(Fault(faults.slow_search(), "/posts.json")).client.get("/posts.json")
    assert (answer.status_code, answer.json()["error"]) == (500, "ActiveRecord::QueryCanceled")


def test_a_limited_host_takes_a_point_for_each_request_down_to_minus_30(spoilt: Spoil) -> None:
    limit = faults.RequestsPerSecond(1, burst=3, clock=lambda: 0.0)
    board = spoilt(Fault(limit, FILES))
    assert [board.get().status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert limit.points == -2
    for _ in range(40):
        board.get()
    assert limit.points == -30


def test_a_limited_host_answers_again_after_a_while(spoilt: Spoil) -> None:
    now = [0.0]
    board = spoilt(Fault(faults.RequestsPerSecond(2, clock=lambda: now[0]), FILES))
    assert [board.get().status_code for _ in range(2)] == [200, 429]
    now[0] += 0.9  # from -1 to 0.8 points
    assert board.get().status_code == 429
    now[0] += 0.7  # from -0.2 to 1.2 points
    assert board.get().status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_body_ends_early(spoilt: Spoil, chunked: bool) -> None:
    board = spoilt(Fault(faults.cut(0.5, chunked), FILES, times=1))
    received: list[bytes] = []
    with board.client.stream("GET", board.files[0]) as answer:
        assert ("content-length" in answer.headers) is not chunked
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(answer.iter_raw())
    whole = board.get().content
    assert b"".join(received) == whole[: len(whole) // 2]


def test_a_cut_file_can_be_continued(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.cut(), FILES, times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        board.get()
    rest = board.client.get(board.files[0], headers={"Range": "bytes=100-"})
    assert rest.status_code == 206
    assert rest.content == board.get().content[100:]


def test_wrong_bytes_have_the_right_length_and_another_md5(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.wrong_bytes(), FILES, times=1))
    wrong, right = board.get().content, board.get().content
    assert len(wrong) == len(right)
    assert hashlib.md5(right).hexdigest() == board.md5s[0]
    assert hashlib.md5(wrong).hexdigest() != board.md5s[0]


def test_a_slow_body_comes_a_few_bytes_at_a_time(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.slowly(400), FILES))
    start, received = time.monotonic(), 0
    with board.client.stream("GET", board.files[0]) as answer:
        for piece in answer.iter_raw():
            received += len(piece)
            if received >= 160:
                break
    assert time.monotonic() - start >= 0.3


def test_a_silent_host_says_nothing_until_the_client_gives_up(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.silent(), FILES, times=1))
    with pytest.raises(httpx.ReadTimeout):
        board.client.get(board.files[0], timeout=0.3)
    assert board.get().status_code == 200


def test_a_host_may_hang_up_without_an_answer(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.hang_up(), FILES, times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        board.get()
    assert board.get().status_code == 200
    assert [entry.status for entry in board.board.log.requests_for(FILES)] == [0, 200]


def test_an_endless_body_goes_on_beyond_the_file(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.endless(), FILES))
    received = 0
    with board.client.stream("GET", board.files[0]) as answer:
        for piece in answer.iter_raw():
            received += len(piece)
            if received > 1_000_000:
                break
    assert received > 1_000_000


def test_half_a_page_is_no_json(spoilt: Spoil) -> None:
    answer = spoilt(Fault(faults.half_a_page(), "/posts.json")).client.get("/posts.json")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_shorter_pages_still_lead_to_all_posts(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.shorter_pages(5), "/posts.json"))
    walked: list[int] = []
    page = board.client.get("/posts.json", params={"page": "b99999999", "limit": 200}).json()
    while page:
        assert len(page) <= 5
        walked += [row["id"] for row in page]
        page = board.client.get("/posts.json", params={"page": f"b{walked[-1]}", "limit": 200}).json()
    assert len(walked) == 12


@pytest.mark.parametrize("to", ["http://10.0.0.1/x.png", "file:///etc/passwd"])
def test_a_redirect_leads_elsewhere(spoilt: Spoil, to: str) -> None:
    answer = spoilt(Fault(faults.redirect(to), FILES)).get()
    assert (answer.status_code, answer.headers["location"]) == (302, to)


def test_a_redirect_loop_leads_nowhere(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.redirect_loop(), FILES))
    with pytest.raises(httpx.TooManyRedirects):
        board.client.get(board.files[0], follow_redirects=True)


def test_a_page_may_come_in_the_place_of_a_picture(spoilt: Spoil) -> None:
    answer = spoilt(Fault(faults.html_page("image/png"), FILES)).get()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content.startswith(b"<!DOCTYPE html>")


def test_a_host_may_refuse_training_on_a_file(spoilt: Spoil) -> None:
    answer = spoilt(Fault(faults.noai(), FILES)).get()
    assert "noai" in answer.headers["x-robots-tag"]
    assert answer.content.startswith(b"\x89PNG")


def test_a_bomb_is_small_as_a_file_and_large_as_a_picture(spoilt: Spoil) -> None:
    file = spoilt(Fault(faults.decompression_bomb(), FILES)).get().content
    assert len(file) < 1_000_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(file))
    assert Image.open(io.BytesIO(bomb_png(5000))).getextrema() == (0, 0)


def test_a_gzip_bomb_is_a_thousand_times_larger_inside(spoilt: Spoil) -> None:
    board = spoilt(Fault(faults.gzip_bomb(megabytes=2), FILES))
    with board.client.stream("GET", board.files[0]) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        sent = b"".join(answer.iter_raw())
    assert len(gzip.decompress(sent)) > 500 * len(sent)


@pytest.mark.parametrize("name", faults.NAMED)
def test_every_fault_has_a_name_for_the_command_line(name: str) -> None:
    assert faults.read(f"{name}@/original/*@3@1").applies(3)
    assert not faults.read(f"{name}@/original/*@3@1").applies(4)
    assert faults.read(name).hits("/posts.json")


def test_a_name_that_no_fault_has_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="no-such-fault is none of 429"):
        faults.read("no-such-fault@/original/*")
