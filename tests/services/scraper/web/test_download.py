"""Files come whole and as expected, or not at all; what has come of one is not asked for twice."""

import gzip
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from demo.board.files import file_answer
from demo.board.messages import Answer, Request
from services.scraper.web.answers import Head
from services.scraper.web.client import PoliteWeb
from services.scraper.web.download import strong_validator
from services.scraper.web.fetched import Fetched
from services.scraper.web.interface import Expected
from services.scraper.web.interface import Request as Wanted
from services.scraper.web.politeness import Limits
from shared.contract.reasons import Drop, Reason
from tests.servers.boards import faults
from tests.servers.boards.injection import Fault
from tests.services.scraper.web.conftest import MAX_BYTES, Connect, Files, Serve, SkippedTime, file_of

A = "/file/a.png"
MD5 = hashlib.md5(file_of(A)).hexdigest()


def _download(web: PoliteWeb, server: Files, path: str = A, **expected: object) -> Fetched | Drop:
    return web.download(Wanted(f"{server.address}{path}"), Expected(**expected))  # type: ignore[arg-type]


def _dropped(web: PoliteWeb, server: Files, path: str = A, **expected: object) -> tuple[Reason, str]:
    dropped = _download(web, server, path, **expected)
    assert isinstance(dropped, Drop)
    return dropped.reason, dropped.detail


def _is_whole(found: Fetched | Drop, path: str = A) -> bool:
    assert isinstance(found, Fetched), found
    return found.data == file_of(path) and found.md5 == hashlib.md5(file_of(path)).hexdigest()


def test_a_file_comes_with_its_digests_and_over_a_connection_that_is_kept(web: PoliteWeb, serve: Serve) -> None:
    server = serve()
    for number in range(3):
        path = f"/file/{number}.png"
        fetched = _download(web, server, path, md5=hashlib.md5(file_of(path)).hexdigest().upper(), bytes=20_000)
        assert _is_whole(fetched, path)
        assert isinstance(fetched, Fetched)
        assert fetched.sha256 == hashlib.sha256(file_of(path)).hexdigest()
    assert len({entry.client for entry in server.log}) == 1


@pytest.mark.parametrize("fault", [faults.endless(), faults.gzip_bomb(2)], ids=["endless", "gzip bomb"])
def test_one_answer_that_is_larger_than_the_file_is_asked_for_again(
    web: PoliteWeb, serve: Serve, fault: faults.Spoil
) -> None:
    server = serve(Fault(fault, A, times=1))
    assert _is_whole(_download(web, server, md5=MD5, bytes=20_000))
    assert len(server.log) == 2


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_that_was_cut_off_is_continued(web: PoliteWeb, serve: Serve, chunked: bool) -> None:
    server = serve(Fault(faults.cut(0.25, chunked), A, times=2))
    assert _is_whole(_download(web, server, md5=MD5, bytes=20_000))
    asked = [(entry.headers.get("range"), entry.headers.get("if-range")) for entry in server.log]
    assert asked == [(None, None), ("bytes=5000-", f'"{A}"'), ("bytes=8750-", f'"{A}"')]
    assert server.statuses == [200, 206, 206]


def test_a_file_that_has_changed_meanwhile_comes_from_its_start(web: PoliteWeb, serve: Serve) -> None:
    server, versions = serve(Fault(faults.cut(), times=1)), iter(["first", "second"])

    def changing(request: Request) -> Answer:
        version = next(versions)
        return file_answer(request, version.encode() * 1000, version, datetime(2026, 1, 1, tzinfo=UTC), "png")

    server.routes["/changing.png"] = changing
    fetched = _download(web, server, "/changing.png")
    assert isinstance(fetched, Fetched)
    assert fetched.data == b"second" * 1000
    assert server.statuses == [200, 200]


def _with_headers(**headers: str) -> faults.Spoil:
    def spoilt(request: Request, handle: faults.Handle) -> Answer:
        answer = handle(request)
        kept = {name: value for name, value in answer.headers.items() if name not in ("ETag", "Last-Modified")}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(answer.status, answer.body, kept | more, sent=None if "range" in request.headers else 5000)

    return spoilt


@pytest.mark.parametrize(
    "headers", [{}, {"ETag": 'W/"weak"'}, {"Last_Modified": "Thu, 01 Jan 2026 12:00:00 GMT"}], ids=str
)
def test_without_a_certain_version_a_file_comes_from_its_start(
    web: PoliteWeb, serve: Serve, headers: dict[str, str]
) -> None:
    server = serve(Fault(_with_headers(**headers), times=1))
    assert _is_whole(_download(web, server))
    assert ["range" in entry.headers for entry in server.log] == [False, False]


def test_a_date_long_before_the_answer_names_a_version(web: PoliteWeb, serve: Serve) -> None:
    modified = "Thu, 01 Jan 2026 00:00:00 GMT"
    server = serve(
        Fault(_with_headers(Last_Modified=modified, Date="Thu, 01 Jan 2026 00:01:00 GMT"), times=1),
    )
    assert _is_whole(_download(web, server))
    assert server.log[1].headers["if-range"] == modified
    assert server.statuses == [200, 206]


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"etag": '"1"'}, '"1"'),
        ({"etag": 'W/"1"'}, None),
        ({"etag": "1"}, None),
        ({"last-modified": "Thu, 01 Jan 2026 12:00:00 GMT", "date": "Thu, 01 Jan 2026 12:00:59 GMT"}, None),
        (
            {"last-modified": "Thu, 01 Jan 2026 12:00:00 GMT", "date": "Thu, 01 Jan 2026 12:01:00 GMT"},
            "Thu, 01 Jan 2026 12:00:00 GMT",
        ),
        ({"last-modified": "once", "date": "Thu, 01 Jan 2026 12:01:00 GMT"}, None),
        ({"last-modified": "Thu, 01 Jan 2026 12:00:00 GMT"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_a_validator_is_strong_or_none(headers: dict[str, str], validator: str | None) -> None:
    assert strong_validator(Head(200, "OK", headers)) == validator


@pytest.mark.parametrize(
    "answer",
    [
        Answer(206, b"x" * 100, {"Content-Range": "bytes 0-99/20000", "ETag": f'"{A}"'}),
        Answer(206, b"x" * 100, {"Content-Range": "bytes 10000-10099/20000", "ETag": '"another"'}),
        Answer(206, b"x" * 100, {"ETag": f'"{A}"'}),
        Answer(416, b"", {"Content-Range": "bytes */9"}),
    ],
    ids=["another part", "another version", "no part", "no such part"],
)
def test_a_wrong_part_is_not_put_to_the_rest(web: PoliteWeb, serve: Serve, answer: Answer) -> None:
    server = serve(Fault(faults.cut(), A, times=1), Fault(lambda request, handle: answer, A, after=1, times=1))
    assert _is_whole(_download(web, server))
    assert ["range" in entry.headers for entry in server.log] == [False, True, False]


def test_a_rest_may_come_in_several_parts(web: PoliteWeb, serve: Serve) -> None:
    def five_kilobytes(request: Request, handle: faults.Handle) -> Answer:
        start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
        return handle(replace(request, headers={**request.headers, "range": f"bytes={start}-{start + 4999}"}))

    server = serve(Fault(faults.cut(), A, times=1), Fault(five_kilobytes, A, after=1))
    assert _is_whole(_download(web, server))
    assert [entry.headers.get("range") for entry in server.log] == [None, "bytes=10000-", "bytes=15000-"]


def test_a_part_that_nobody_has_asked_for_is_no_file(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(lambda request, handle: Answer(206, b"x", {"Content-Range": "bytes 0-0/9"})))
    assert _dropped(web, server) == (Reason.FETCH_FAILED, "HTTP 206 Partial Content")


def test_a_body_below_the_least_speed_is_given_up_and_continued(connect: Connect, serve: Serve) -> None:
    server = serve(Fault(faults.slowly(1000), A, times=1))
    web = connect(Limits(least_speed=10_000, window=0.5))
    assert _is_whole(_download(web, server))
    assert server.statuses == [200, 206]


def test_a_host_that_stays_silent_is_asked_again(connect: Connect, serve: Serve) -> None:
    server = serve(Fault(faults.silent(), A, times=1))
    assert _is_whole(_download(connect(Limits(window=0.2)), server))


def test_a_file_has_a_time_limit(connect: Connect, serve: Serve) -> None:
    server = serve(Fault(faults.slowly(20_000), A))
    assert _dropped(connect(Limits(seconds=0.3)), server) == (Reason.FETCH_FAILED, "not complete after 0.3 seconds")


def test_the_time_limit_is_that_of_all_attempts_together(connect: Connect, serve: Serve) -> None:
    server = serve(Fault(faults.slowly(1000), A))
    web = connect(Limits(seconds=0.5, least_speed=1e6, window=0.2))
    assert _dropped(web, server) == (Reason.FETCH_FAILED, "not complete after 0.5 seconds")
    assert len(server.log) in (2, 3)


def test_a_file_with_another_md5_is_asked_for_again(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.wrong_bytes(), A, times=2))
    assert _is_whole(_download(web, server, md5=MD5))
    assert [entry.headers.get("cache-control") for entry in server.log] == [None, "no-cache", "no-cache"]


def test_a_file_that_stays_another_one_is_dropped_with_what_came(
    web: PoliteWeb, serve: Serve, skipped_time: SkippedTime
) -> None:
    reason, detail = _dropped(web, server := serve(), md5="0" * 32, bytes=20_000)
    assert reason is Reason.FETCH_FAILED
    assert detail == (f"20000 bytes with the MD5 {'0' * 32} expected, 20000 bytes with the MD5 {MD5} came, 3 times")
    assert server.statuses == [200, 200, 200]
    assert skipped_time.skipped == 0


def test_a_file_of_another_size_is_not_received(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.slowly(10), A))
    assert _dropped(web, server, bytes=19_999) == (
        Reason.FETCH_FAILED,
        "19999 bytes expected, 20000 bytes came, 3 times",
    )


def test_a_file_without_a_known_length_is_counted(web: PoliteWeb, serve: Serve) -> None:
    server = serve()
    server.routes["/chunks.png"] = lambda request: Answer(200, b"x" * 100, chunked=True)
    assert _dropped(web, server, "/chunks.png", bytes=101)[1] == "101 bytes expected, 100 bytes came, 3 times"
    assert isinstance(_download(web, server, "/chunks.png", bytes=100), Fetched)


def test_a_page_in_the_place_of_a_picture_is_not_the_file_expected(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.html_page("image/png"), A))
    assert _dropped(web, server, md5=MD5)[0] is Reason.FETCH_FAILED
    page = _download(web, server)
    assert isinstance(page, Fetched)
    assert page.data.startswith(b"<!DOCTYPE html>")


def test_a_file_that_is_known_to_be_too_large_is_not_asked_for(web: PoliteWeb, serve: Serve) -> None:
    server = serve()
    assert _dropped(web, server, bytes=MAX_BYTES + 1)[0] is Reason.TOO_MANY_BYTES
    assert server.log == []


@pytest.mark.parametrize("fault", [faults.endless(), faults.gzip_bomb(2)], ids=["endless", "gzip bomb"])
def test_bombs_are_not_received(web: PoliteWeb, serve: Serve, fault: faults.Spoil) -> None:
    assert _dropped(web, serve(Fault(fault)))[0] is Reason.TOO_MANY_BYTES


def test_a_packed_file_that_was_cut_off_is_not_continued(web: PoliteWeb, serve: Serve) -> None:
    packed = gzip.compress(b"picture" * 1000)
    server = serve(Fault(faults.cut(), times=1))
    server.routes["/packed.png"] = lambda request: Answer(200, packed, {"Content-Encoding": "gzip", "ETag": '"1"'})
    fetched = _download(web, server, "/packed.png", bytes=7000)
    assert isinstance(fetched, Fetched)
    assert fetched.data == b"picture" * 1000
    assert fetched.md5 == hashlib.md5(fetched.data).hexdigest()
    assert "range" not in server.log[1].headers


def test_an_opt_out_is_no_failure(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.noai()))
    assert _dropped(web, server, md5=MD5) == (Reason.OPTED_OUT, "X-Robots-Tag: noai, noimageai")
    assert server.statuses == [200]


def test_a_file_whose_connection_breaks_every_time_is_given_up(web: PoliteWeb, serve: Serve) -> None:
    server = serve(Fault(faults.hang_up(), A))
    reason, detail = _dropped(web, server)
    assert reason is Reason.FETCH_FAILED
    assert detail.endswith("asked 4 times")
    assert len(server.log) == 4


def test_a_connection_that_was_closed_meanwhile_is_no_trouble(
    web: PoliteWeb, serve: Serve, skipped_time: SkippedTime
) -> None:
    server = serve(Fault(faults.hang_up(), A, times=1))
    assert _is_whole(_download(web, server, "/file/b.png"), "/file/b.png")
    assert _is_whole(_download(web, server))
    assert skipped_time.skipped == 0
