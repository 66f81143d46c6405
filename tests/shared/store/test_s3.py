"""What an S3 store does beside the interface: its address, its bucket, large objects, servers of lesser abilities."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen
from uuid import uuid4

import pytest

from shared.contract.errors import SettingsError, StoreFull, StoreUnavailable, Transient, Unusable
from shared.settings import Settings
from shared.store import open_store
from shared.store.s3 import S3Store, open_s3
from tests.servers.answers import Answer, Answers, answering
from tests.servers.proxy import Proxy, Toxics
from tests.servers.radosgw import Radosgw

KEYS = {"s3_access_key": "key", "s3_secret_key": "secret", "s3_endpoint": "http://localhost:8333"}


@pytest.fixture
def where() -> str:
    """A bucket that all tests share, and a prefix of one's own in it."""
    return f"twin/{uuid4().hex}"


@pytest.fixture
def store(radosgw: Radosgw, where: str) -> S3Store:
    """A store at `where`."""
    store = open_s3(where, radosgw.settings(where))
    store.prepare()
    return store


@pytest.fixture
def answers(radosgw: Radosgw) -> Iterator[Answers]:
    """A server before the real one that can answer in its stead."""
    with answering(radosgw.port) as answers:
        yield answers


@pytest.fixture
def behind(store: S3Store, radosgw: Radosgw, answers: Answers, where: str) -> S3Store:
    """The same store as `store`, by way of `answers`."""
    return open_s3(where, radosgw.settings(where, answers.endpoint))


class TestSettings:
    """What is wrong is said at once, with the variable that says it."""

    @pytest.mark.parametrize(
        ("wrong", "variable"),
        [
            ({"s3_endpoint": ""}, "MAGRITTE_S3_ENDPOINT"),
            ({"s3_endpoint": "localhost:8333"}, "MAGRITTE_S3_ENDPOINT"),
            ({"s3_endpoint": "ftp://localhost"}, "MAGRITTE_S3_ENDPOINT"),
            ({"s3_endpoint": "http://localhost/path"}, "MAGRITTE_S3_ENDPOINT"),
            ({"s3_endpoint": "http://localhost:port"}, "MAGRITTE_S3_ENDPOINT"),
            ({"s3_endpoint": "http://localhost:70000"}, "MAGRITTE_S3_ENDPOINT"),
            ({"s3_endpoint": "http://user:word@localhost"}, "MAGRITTE_S3_ENDPOINT"),
            ({"s3_public_endpoint": "localhost"}, "MAGRITTE_S3_PUBLIC_ENDPOINT"),
            ({"s3_access_key": ""}, "MAGRITTE_S3_ACCESS_KEY"),
            ({"s3_secret_key": ""}, "MAGRITTE_S3_SECRET_KEY"),
            ({"s3_region": "no region"}, "MAGRITTE_S3_REGION"),
            ({"store": "s3://b"}, "MAGRITTE_STORE"),
            ({"store": "s3://Bucket"}, "MAGRITTE_STORE"),
            ({"store": "s3://bucket/../up"}, "MAGRITTE_STORE"),
            ({"store": "s3://bucket//x"}, "MAGRITTE_STORE"),
            ({"store": "s3://"}, "MAGRITTE_STORE"),
        ],
        ids=str,
    )
    def test_an_unusable_one_is_named(self, wrong: dict[str, str], variable: str) -> None:
        settings = Settings.model_validate({"store": "s3://bucket"} | KEYS | wrong)
        with pytest.raises(SettingsError, match=variable):
            open_store(settings)

    @pytest.mark.parametrize(
        ("endpoint", "begins"),
        [
            ("http://localhost:8333", "http://localhost:8333/bucket/a/b?"),
            ("https://s3.example.org/", "https://s3.example.org/bucket/a/b?"),
            ("http://[::1]:8333", "http://[::1]:8333/bucket/a/b?"),
            ("https://s3.eu-west-1.amazonaws.com", "https://bucket.s3.eu-west-1.amazonaws.com/a/b?"),
        ],
    )
    def test_addresses_of_all_kinds_can_be_used(self, endpoint: str, begins: str) -> None:
        store = open_s3("bucket", Settings.model_validate(KEYS | {"s3_endpoint": endpoint, "s3_region": "eu-west-1"}))
        assert store.url("a/b").startswith(begins)

    def test_people_get_the_address_that_they_can_reach(self) -> None:
        public = {"s3_public_endpoint": "https://pictures.example.org", "s3_region": "eu-west-9"}
        address = urlsplit(open_s3("bucket/anya", Settings.model_validate(KEYS | public)).url("a/b"))
        assert (address.scheme, address.netloc, address.path) == ("https", "pictures.example.org", "/bucket/anya/a/b")
        signed = parse_qs(address.query)
        assert "eu-west-9" in signed["X-Amz-Credential"][0]
        assert signed["X-Amz-SignedHeaders"] == ["host"]
        assert int(signed["X-Amz-Expires"][0]) <= 3600

    def test_a_signature_for_another_address_of_the_server_holds_there(
        self, radosgw: Radosgw, store: S3Store, where: str
    ) -> None:
        store.put("a", b"a picture")
        public = f"http://localhost:{radosgw.port}"
        address = open_s3(where, radosgw.settings(where, s3_public_endpoint=public)).url("a")
        assert address.startswith(public)
        with urlopen(address) as answer:
            assert answer.read() == b"a picture"


class TestBucket:
    """It is made when it is missing, and shared by prefixes."""

    def test_a_missing_bucket_is_made(self, radosgw: Radosgw) -> None:
        name = f"new-{uuid4().hex}"
        store = open_s3(name, radosgw.settings(name))
        with pytest.raises(StoreUnavailable, match="NoSuchBucket"):
            store.put("a", b"1")
        with pytest.raises(StoreUnavailable, match="NoSuchBucket"):
            list(store.list("a/"))
        store.prepare()
        store.put("a", b"1")
        assert store.get("a") == b"1"

    def test_many_can_make_it_at_once(self, radosgw: Radosgw) -> None:
        name = f"new-{uuid4().hex}"
        stores = [open_s3(name, radosgw.settings(name)) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(S3Store.prepare, stores))
        assert stores[0].put_new("a", b"1")

    def test_a_prefix_sees_its_own_objects_only(self, radosgw: Radosgw, store: S3Store, where: str) -> None:
        other = open_s3(f"{where}s", radosgw.settings(where))
        whole = open_s3("twin", radosgw.settings("twin"))
        store.put("a/b", b"1")
        other.put("a/c", b"2")
        assert list(store.list("a/")) == ["a/b"]
        assert not store.exists("a/c")
        assert whole.get(f"{where.removeprefix('twin/')}/a/b") == b"1"


class TestSize:
    """Nothing is too large, too many or too slow."""

    def test_a_large_file_is_sent_in_parts_and_comes_back_whole(self, store: S3Store, tmp_path: Path) -> None:
        data = bytes(range(256)) * (40_000_000 // 256)
        path = tmp_path / "checkpoint.npz"
        path.write_bytes(data)
        store.put_file("trainings/a/checkpoint.npz", path)
        assert not path.exists()
        assert store.get("trainings/a/checkpoint.npz") == data
        with store.file("trainings/a/checkpoint.npz") as copy:
            assert copy.read_bytes() == data
            assert copy.name == "checkpoint.npz"
        assert not copy.exists()

    def test_parts_that_were_not_put_together_are_no_object(
        self, behind: S3Store, answers: Answers, tmp_path: Path
    ) -> None:
        path = tmp_path / "checkpoint.npz"
        path.write_bytes(bytes(20_000_000))
        answers.give([None, Answer(200, b"<Error><Code>InternalError</Code></Error>")], "POST")
        with pytest.raises(StoreUnavailable, match="parts"):
            behind.put_file("a", path)
        assert path.exists()
        assert not behind.exists("a")
        behind.put_file("a", path)
        assert behind.exists("a")

    def test_a_slow_line_takes_more_time_in_all_than_a_connection_may_take(
        self, store: S3Store, radosgw: Radosgw, where: str
    ) -> None:
        with Proxy(radosgw.port) as proxy:
            address = f"http://127.0.0.1:{proxy.port}"
            slow = open_s3(where, radosgw.settings(where, address), connect_seconds=0.5)
            with proxy.toxic(upstream=Toxics(bandwidth=4_000_000)):
                slow.put("a", bytes(8_000_000))
                assert slow.put_new("b", bytes(8_000_000))
        assert len(store.get("a")) == len(store.get("b")) == 8_000_000

    def test_a_listing_has_as_many_pages_as_it_needs(self, store: S3Store) -> None:
        keys = [f"t/{number}/x" for number in range(1_100)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: store.put(key, b""), keys))
        assert list(store.list("t/")) == sorted(keys)

    FULL = """
import resource, sys
from pathlib import Path
from shared.contract.errors import StoreFull
from shared.settings import settings
from shared.store import open_store

store = open_store(settings())
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with store.file("large"):
        pass
except StoreFull as error:
    print("full", *Path(sys.argv[1]).iterdir())
with store.file("small") as path:
    print(path.read_text())
"""

    def test_a_full_disk_here_is_told_from_a_failing_server(
        self, store: S3Store, radosgw: Radosgw, where: str, tmp_path: Path
    ) -> None:
        store.put("large", bytes(50_000))
        store.put("small", b"fits")
        environment = os.environ | radosgw.environment(where) | {"TMPDIR": str(tmp_path)}
        command = [sys.executable, "-c", self.FULL, str(tmp_path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert (done.stdout, done.stderr) == ("full\nfits\n", "")


class TestLesserServers:
    """A server that cannot create without replacing is found out before work begins."""

    def test_one_that_says_so_is_unusable(self, behind: S3Store, answers: Answers) -> None:
        error = Answer(501, b"<Error><Code>NotImplemented</Code></Error>")
        answers.give([error] * 2, "PUT")
        for attempt in (behind.prepare, lambda: behind.put_new("a", b"")):
            with pytest.raises(Unusable, match="If-None-Match"):
                attempt()

    def test_one_that_replaces_silently_is_unusable(self, behind: S3Store, answers: Answers) -> None:
        answers.give([None, Answer(200)], "PUT")
        with pytest.raises(Unusable, match="If-None-Match"):
            behind.prepare()
        assert list(behind.list("probe/")) == []

    def test_one_that_puts_off_all_but_one_writer_is_asked_again(self, behind: S3Store, answers: Answers) -> None:
        conflict = Answer(409, b"<Error><Code>ConditionalRequestConflict</Code></Error>")
        answers.give([conflict, conflict], "PUT")
        assert behind.put_new("a", b"1")
        answers.give([conflict], "PUT")
        assert not behind.put_new("a", b"2")
        answers.give([conflict] * 10, "PUT")
        with pytest.raises(StoreUnavailable, match="ConditionalRequestConflict"):
            behind.put_new("a", b"3")
        assert len(answers.waiting) >= 5

    @pytest.mark.parametrize(
        ("answer", "error", "reason"),
        [
            (Answer(507, b"<Error><Code>XMinioStorageFull</Code></Error>"), StoreFull, "XMinioStorageFull"),
            (Answer(507, b"full", "text/plain"), StoreUnavailable, "507"),
            (Answer(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>"), SettingsError, "clocks"),
            (Answer(400, b"<Error><Code>AuthorizationHeaderMalformed</Code></Error>"), SettingsError, "REGION"),
            (Answer(301, b"<Error><Code>PermanentRedirect</Code></Error>"), SettingsError, "REGION"),
            (Answer(400, b"<Error><Code>RequestTimeout</Code></Error>"), StoreUnavailable, "RequestTimeout"),
            (Answer(429, b"<Error><Code>TooManyRequests</Code></Error>"), StoreUnavailable, "TooManyRequests"),
            (Answer(500, b"<Error><Code>InternalError</Code></Error>"), StoreUnavailable, "InternalError"),
            (Answer(500, b"<Error><Code>Internal"), StoreUnavailable, "line 1"),
            (Answer(500), StoreUnavailable, "500"),
            (Answer(502, b"\xe4\xff", "text/html"), StoreUnavailable, "utf-8|502"),
        ],
        ids=str,
    )
    def test_what_it_answers_is_sorted(
        self, behind: S3Store, answers: Answers, answer: Answer, error: type[Exception], reason: str
    ) -> None:
        for attempt in (lambda: behind.put("a/b", b"1"), lambda: behind.put_new("a/c", b"1")):
            answers.give([answer])
            with pytest.raises(error, match=reason):
                attempt()

    def test_what_it_will_never_do_is_tried_a_few_times_only(self, behind: S3Store, answers: Answers) -> None:
        answers.give([Answer(400, b"<Error><Code>EntityTooLarge</Code></Error>")])
        with pytest.raises(Transient, match="EntityTooLarge") as reason:
            behind.put("a", b"1")
        assert not isinstance(reason.value, StoreUnavailable)
