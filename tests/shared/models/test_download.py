import fcntl
import lzma
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.contract.egress_policy import EgressPolicy
from shared.contract.errors import Poison, RunUnusable, Transient
from shared.models.cache import ModelCache
from shared.models.catalogue import Model
from shared.models.download import Download
from tests.servers.downloads import DownloadServer, serving

LOOPBACK = EgressPolicy.of("127.0.0.1")
CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def server() -> Iterator[DownloadServer]:
    """A server of a file that may be asked though it is not on the public internet."""
    with serving(DownloadServer(CONTENT)) as server:
        yield server


def fetch(model: Model, server: DownloadServer, cache: ModelCache) -> list[tuple[int, int | None]]:
    """Download what the server has, and return what has been told meanwhile."""
    told: list[tuple[int, int | None]] = []
    place = Download(model, server.address, cache, LOOPBACK).run(lambda *numbers: told.append(numbers))
    assert place == cache.file(model)
    return told


def names(cache: ModelCache) -> list[str]:
    return sorted(path.name for path in cache.folder.iterdir())


def cut_at(size: int, model: Model, server: DownloadServer, cache: ModelCache) -> str:
    server.cut_after = size
    with pytest.raises(Transient) as cut:
        fetch(model, server, cache)
    server.cut_after = None
    return str(cut.value)


def test_a_file_comes_whole_with_progress_and_leaves_no_part(
    model: Model, server: DownloadServer, cache: ModelCache
) -> None:
    told = fetch(model, server, cache)
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(told) == told
    assert cache.file(model).read_bytes() == CONTENT
    assert names(cache) == ["lbpcascade_animeface.xml"]


def test_a_file_that_was_cut_goes_on_where_it_was(model: Model, server: DownloadServer, cache: ModelCache) -> None:
    said = cut_at(100_000, model, server, cache)
    assert "100000 bytes have arrived and are kept; `magritte models get` goes on from there" in said
    assert cache.part(model).stat().st_size == 100_000
    assert not cache.file(model).exists()
    said = cut_at(50_000, model, server, cache)
    assert "150000 bytes have arrived" in said
    told = fetch(model, server, cache)
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert told[0][0] > 150_000
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert cache.file(model).read_bytes() == CONTENT
    assert names(cache) == ["lbpcascade_animeface.xml"]


def test_a_part_of_a_file_that_has_changed_since_is_thrown_away(
    unknown: Model, server: DownloadServer, cache: ModelCache
) -> None:
    cut_at(100_000, unknown, server, cache)
    server.content, server.tag = CONTENT[::-1], '"second"'
    fetch(unknown, server, cache)
    assert server.ranges[-1] == "bytes=100000-"
    assert cache.file(unknown).read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("tag", ['W/"weak"', ""])
def test_a_part_that_cannot_be_told_from_others_is_not_gone_on_with(
    model: Model, server: DownloadServer, cache: ModelCache, tag: str
) -> None:
    server.tag = tag
    cut_at(100_000, model, server, cache)
    fetch(model, server, cache)
    assert server.ranges == [None, None]
    assert cache.file(model).read_bytes() == CONTENT


def test_a_part_of_another_address_is_not_gone_on_with(model: Model, server: DownloadServer, cache: ModelCache) -> None:
    cut_at(100_000, model, server, cache)
    with serving(DownloadServer(CONTENT)) as other:
        fetch(model, other, cache)
        assert other.ranges == [None]


def test_a_server_without_ranges_sends_all_again(model: Model, server: DownloadServer, cache: ModelCache) -> None:
    cut_at(100_000, model, server, cache)
    server.knows_ranges = False
    fetch(model, server, cache)
    assert cache.file(model).read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file_is_begun_again(
    model: Model, server: DownloadServer, cache: ModelCache
) -> None:
    cut_at(100_000, model, server, cache)
    with cache.part(model).open("ab") as part:
        part.write(bytes(len(CONTENT)))
    fetch(model, server, cache)
    assert server.ranges[1:] == [f"bytes={len(CONTENT) + 100_000}-", None]
    assert cache.file(model).read_bytes() == CONTENT


def test_a_wrong_file_is_refused_and_removed(model: Model, server: DownloadServer, cache: ModelCache) -> None:
    server.content = CONTENT[:-1]
    with pytest.raises(Poison, match=f"another file than lbpcascade_animeface: its SHA-256 is .* not {model.sha256}"):
        fetch(model, server, cache)
    assert names(cache) == []


def test_the_digest_of_the_first_download_is_held_to(unknown: Model, server: DownloadServer, cache: ModelCache) -> None:
    fetch(unknown, server, cache)
    first = cache.digest(unknown)
    assert len(first) == 64
    cache.file(unknown).unlink()
    server.content = CONTENT[:-1]
    with pytest.raises(Poison, match=rf"not {first}\. Remove .*lbpcascade_animeface\.xml\.sha256 if that"):
        fetch(unknown, server, cache)
    assert names(cache) == ["lbpcascade_animeface.xml.sha256"]
    server.content = CONTENT
    fetch(unknown, server, cache)
    assert cache.digest(unknown) == first


def test_a_packed_file_is_unpacked_and_known_by_what_is_in_it(
    model: Model, server: DownloadServer, cache: ModelCache
) -> None:
    server.content = lzma.compress(CONTENT)
    fetch(model, server, cache)
    assert cache.file(model).read_bytes() == CONTENT
    assert names(cache) == ["lbpcascade_animeface.xml"]


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_file_that_is_too_large_is_not_received(
    model: Model, server: DownloadServer, cache: ModelCache, tells_length: bool
) -> None:
    server.tells_length = tells_length
    with pytest.raises(RunUnusable, match="is not lbpcascade_animeface: more than 1000 bytes"):
        fetch(replace(model, most_bytes=1000), server, cache)
    assert names(cache) == []


def test_an_address_without_the_file_leaves_nothing_and_says_what_else_can_be_done(
    model: Model, server: DownloadServer, cache: ModelCache
) -> None:
    with pytest.raises(Transient, match=r"answers 404 Not Found\. Nothing has arrived\. Otherwise fetch https://"):
        Download(model, f"{server.address}/gone", cache, LOOPBACK).run(lambda *_: None)
    assert names(cache) == []


def test_a_server_that_is_not_there_is_tried_again_later(model: Model, cache: ModelCache) -> None:
    with serving(DownloadServer(CONTENT)) as gone:
        address = gone.address
    with pytest.raises(Transient, match="cannot be fetched"):
        Download(model, address, cache, LOOPBACK).run(lambda *_: None)


@pytest.mark.parametrize("path", ["/file", "/elsewhere"])
def test_a_private_address_is_told_nothing_of_a_download_even_by_a_redirect(
    model: Model, server: DownloadServer, cache: ModelCache, path: str
) -> None:
    with serving(DownloadServer(CONTENT, "127.0.0.2", server.server_port)) as inner:
        address = (inner if path == "/file" else server).address.replace("/file", path)
        with pytest.raises(RunUnusable, match=r"nothing is fetched from 127\.0\.0\.2: .* is not a public address"):
            Download(model, address, cache, LOOPBACK).run(lambda *_: None)
        assert inner.ranges == []
    assert names(cache) == []


def test_two_processes_do_not_write_one_part(model: Model, server: DownloadServer, cache: ModelCache) -> None:
    cut_at(100_000, model, server, cache)
    with cache.part(model).open("ab") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        with pytest.raises(Transient, match="being downloaded by another process"):
            fetch(model, server, cache)
    assert cache.part(model).stat().st_size == 100_000
