"""An S3 server in all its moods: what is told apart, and that nothing is lost or half done once it is well again."""

import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from shared.contract.errors import NotFound, SettingsError, StoreFull, StoreUnavailable, Transient
from shared.store.s3 import S3Store, open_s3
from tests.servers.answers import Answer, Answers, answering
from tests.servers.proxy import Proxy, Toxics
from tests.servers.radosgw import Radosgw

SLOW_DOWN = Answer(503, b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>")
BAD_GATEWAY = Answer(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")


@pytest.fixture
def where() -> str:
    """A bucket and a prefix of one's own."""
    return f"faults/{uuid4().hex}"


@pytest.fixture
def store(radosgw: Radosgw, where: str) -> S3Store:
    """A store with the object `there`, and little patience."""
    store = open_s3(where, radosgw.settings(where), connect_seconds=2, read_seconds=2)
    store.prepare()
    store.put("there", b"before")
    return store


@pytest.fixture
def answers(radosgw: Radosgw) -> Iterator[Answers]:
    """A server before the real one that can answer in its stead."""
    with answering(radosgw.port) as answers:
        yield answers


@pytest.fixture
def proxy(radosgw: Radosgw) -> Iterator[Proxy]:
    """A network before the server."""
    with Proxy(radosgw.port) as proxy:
        yield proxy


def by_way_of(port: int, radosgw: Radosgw, where: str) -> S3Store:
    """The same store behind another port, with less patience still."""
    settings = radosgw.settings(where, f"http://127.0.0.1:{port}")
    return open_s3(where, settings, connect_seconds=0.5, read_seconds=0.5)


def read(store: S3Store, key: str) -> bytes:
    with store.file(key) as path:
        return path.read_bytes()


def put_file(store: S3Store, key: str, path: Path) -> None:
    path.write_bytes(b"a file")
    store.put_file(key, path)


def operations(store: S3Store, folder: Path) -> dict[str, Callable[[], object]]:
    """Everything that one can ask of a store that holds `there`."""
    return {
        "prepare": store.prepare,
        "get": lambda: store.get("there"),
        "put": lambda: store.put("put", b"data"),
        "put new": lambda: store.put_new("new", b"data"),
        "put file": lambda: put_file(store, "file", folder / "file"),
        "file": lambda: read(store, "there"),
        "exists": lambda: store.exists("there"),
        "list": lambda: list(store.list("a/")),
        "delete": lambda: store.delete("nothing"),
    }


def assert_whole(store: S3Store) -> None:
    """All that the operations write is there, and `there` is as it was."""
    assert [store.get(key) for key in ("there", "put", "new", "file")] == [b"before", b"data", b"data", b"a file"]


def patiently(work: Callable[[], object]) -> None:
    """Do something until it is done, as the runtime does."""
    end = time.monotonic() + 60
    while True:
        try:
            work()
            return
        except StoreUnavailable:
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.mark.fault(19, "the store is restarted", "SIGKILL to Ceph's gateway while eight threads write, then a new one")
def test_a_restart_loses_nothing_and_needs_no_new_connection_by_hand(radosgw: Radosgw, store: S3Store) -> None:
    going, written = threading.Event(), {f"a/{number:03d}": bytes([number]) * 5_000 for number in range(160)}

    def write(key: str) -> None:
        patiently(lambda: store.put_new(key, written[key]))
        if key > "a/030":
            going.set()

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(write, key) for key in written]
        assert going.wait(60)
        radosgw.kill_gateway()
        with pytest.raises(StoreUnavailable):
            store.get("there")
        radosgw.start_gateway()
        for each in done:
            each.result(60)
    assert {key: store.get(key) for key in store.list("a/")} == written
    assert store.get("there") == b"before"


@pytest.mark.fault(20, "the store asks to slow down", "503 SlowDown with its XML to everything that is asked")
def test_a_server_that_is_busy_is_unavailable_and_later_is_not(
    store: S3Store, radosgw: Radosgw, answers: Answers, where: str, tmp_path: Path
) -> None:
    for work in operations(by_way_of(answers.port, radosgw, where), tmp_path).values():
        answers.give([SLOW_DOWN])
        with pytest.raises(StoreUnavailable, match="503"):
            work()
        work()
    assert_whole(store)


@pytest.mark.fault(21, "a proxy before the store fails", "502 with a page of HTML to everything that is asked")
def test_a_page_of_html_is_no_answer(
    store: S3Store, radosgw: Radosgw, answers: Answers, where: str, tmp_path: Path
) -> None:
    for work in operations(by_way_of(answers.port, radosgw, where), tmp_path).values():
        answers.give([BAD_GATEWAY])
        with pytest.raises(StoreUnavailable, match="502"):
            work()
        work()
    assert_whole(store)


@pytest.mark.fault(22, "an answer is cut short", "a TCP proxy closes the connection in the middle of the body")
def test_half_an_object_is_never_taken_for_the_whole(
    store: S3Store, radosgw: Radosgw, proxy: Proxy, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other, data = by_way_of(proxy.port, radosgw, where), bytes(range(256)) * 1_000
    store.put("large", data)
    for key in range(100):
        store.put(f"many/{key}", b"")
    reads: list[Callable[[], bytes]] = [lambda: other.get("large"), lambda: read(other, "large")]
    for limit in (20_000, 200_000):
        for work in reads:
            with proxy.toxic(downstream=Toxics(limit_data=limit)), pytest.raises(StoreUnavailable):
                work()
            assert work() == data
    with proxy.toxic(downstream=Toxics(limit_data=5_000)), pytest.raises(StoreUnavailable):
        list(other.list("many/"))
    assert len(list(other.list("many/"))) == 100
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(22, "a connection is reset", "a TCP proxy resets the connection as the answer begins")
def test_a_reset_connection_is_unavailable(
    store: S3Store, radosgw: Radosgw, proxy: Proxy, where: str, tmp_path: Path
) -> None:
    for work in operations(by_way_of(proxy.port, radosgw, where), tmp_path).values():
        with proxy.toxic(downstream=Toxics(reset_peer=True)), pytest.raises(StoreUnavailable):
            work()
        work()
    assert_whole(store)


@pytest.mark.fault(23, "the store is silent", "a TCP proxy that lets nothing through: a black hole")
def test_a_silent_server_is_unavailable_before_long(
    store: S3Store, radosgw: Radosgw, proxy: Proxy, where: str, tmp_path: Path
) -> None:
    for work in operations(by_way_of(proxy.port, radosgw, where), tmp_path).values():
        with proxy.toxic(upstream=Toxics(timeout=True)):
            start = time.monotonic()
            with pytest.raises(StoreUnavailable):
                work()
            assert time.monotonic() - start < 20
        work()
    assert_whole(store)


@pytest.mark.fault(24, "a write times out and lands all the same", "SIGSTOP to Ceph's storage daemon, SIGCONT later")
def test_what_landed_unnoticed_is_found_by_the_next_attempt(store: S3Store, radosgw: Radosgw) -> None:
    with radosgw.frozen():
        for put in (store.put, store.put_new):
            with pytest.raises(StoreUnavailable):
                put(f"landed/{put.__name__}", b"data")
    patiently(lambda: store.put("another", b"data"))
    wait_until(lambda: len(list(store.list("landed/"))) == 2)
    assert not store.put_new("landed/put_new", b"data")
    assert store.get("landed/put_new") == store.get("landed/put") == b"data"


@pytest.mark.fault(25, "the store is full", "a quota of Ceph for the bucket, reached")
def test_a_full_store_loses_nothing_and_goes_on_when_there_is_space(radosgw: Radosgw, tmp_path: Path) -> None:
    bucket, path = f"full-{uuid4().hex}", tmp_path / "file"
    store = open_s3(bucket, radosgw.settings(bucket))
    store.prepare()
    store.put("there", b"before")
    path.write_bytes(b"a file")
    puts = (
        lambda: store.put("there", b"after"),
        lambda: store.put_new("new", b"data"),
        lambda: store.put_file("file", path),
        lambda: store.put("put", b"data"),
    )
    with radosgw.quota(bucket, objects=1):
        for put in puts:
            with pytest.raises(StoreFull, match=f"{bucket}.*QuotaExceeded"):
                put()
        assert store.get("there") == b"before"
        assert not store.exists("new")
        assert path.read_bytes() == b"a file"
    for put in puts:
        patiently(put)
    assert [store.get(key) for key in ("there", "new", "file")] == [b"after", b"data", b"a file"]


@pytest.mark.fault(26, "an object vanishes before it is read", "somebody deletes it between a listing and the read")
def test_what_is_gone_is_not_found_however_often_one_tries(store: S3Store, radosgw: Radosgw, where: str) -> None:
    store.put("a/b", b"1")
    (key,) = store.list("a/")
    open_s3(where, radosgw.settings(where)).delete(key)
    reads: list[Callable[[], bytes]] = [lambda: store.get(key), lambda: read(store, key)]
    for work in reads:
        with pytest.raises(NotFound, match="a/b") as raised:
            work()
        assert not isinstance(raised.value, Transient)


@pytest.mark.fault(27, "wrong credentials", "another secret key, another access key")
@pytest.mark.parametrize("variable", ["s3_access_key", "s3_secret_key"])
def test_wrong_credentials_are_named_at_once_and_never_shown(
    radosgw: Radosgw, where: str, tmp_path: Path, variable: str
) -> None:
    settings = radosgw.settings(where, **{variable: "wrong-but-private"})
    for work in operations(open_s3(where, settings), tmp_path).values():
        with pytest.raises(SettingsError, match=f"MAGRITTE_{variable.upper()}.*refused") as raised:
            work()
        everything = "".join(traceback.format_exception(raised.value)) + repr(settings)
        assert "wrong-but-private" not in everything
        assert radosgw.secret_key not in everything


@pytest.mark.fault(28, "an object is replaced while it is read", "two clients: one writes a number, the other reads it")
def test_a_read_after_a_write_sees_it_from_everywhere(store: S3Store, radosgw: Radosgw, where: str) -> None:
    other = open_s3(where, radosgw.settings(where))
    for number in range(50):
        store.put("a/counter", b"%d" % number)
        assert other.get("a/counter") == read(other, "a/counter") == b"%d" % number
        assert other.put_new(f"a/new{number}", b"")
        assert not store.put_new(f"a/new{number}", b"")
        store.delete(f"a/new{number}")
        assert not other.exists(f"a/new{number}")
        assert list(other.list("a/")) == ["a/counter"]


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when that does not happen."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
