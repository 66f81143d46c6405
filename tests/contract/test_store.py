"""What every object store must do. A new twin is added to `TWINS`; the tests stay as they are."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest

from shared.contract.errors import NotFound, Poison, StoreUnavailable
from shared.store import FolderStore, Store, open_store
from tests.servers.radosgw import Radosgw


def in_a_folder(request: pytest.FixtureRequest, folder: Path) -> Store:
    return FolderStore(folder / "store")


def in_s3(request: pytest.FixtureRequest, folder: Path) -> Store:
    server: Radosgw = request.getfixturevalue("radosgw")
    store = open_store(server.settings(f"contract/{uuid4().hex}"))
    store.prepare()
    return store


TWINS: dict[str, Callable[[pytest.FixtureRequest, Path], Store]] = {"folder": in_a_folder, "s3": in_s3}

NO_KEYS = {
    "empty": "",
    "a slash": "/",
    "absolute": "/etc/passwd",
    "parent": "../secret",
    "parent inside": "a/../../secret",
    "parent at the end": "a/..",
    "ends with a slash": "a/",
    "empty part": "a//b",
    "hidden": "a/.hidden",
    "NUL": "a\0b",
    "line feed": "a\n",
    "upper case": "A/b",
    "blank": "a b",
    "backslash": "a\\b",
    "not ASCII": "ä",
    "2 KB": "a" * 2048,
    "2 KB of parts": "a/" * 1024 + "a",
}


@pytest.fixture(params=TWINS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return TWINS[request.param](request, tmp_path)


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work` answers in so many threads that begin at once."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_it_can_be_prepared_again_and_again_and_stays_empty(store: Store) -> None:
    store.prepare()
    store.put("a/b", b"1")
    store.prepare()
    assert store.get("a/b") == b"1"
    assert list(store.list("probe/")) == []


def test_many_can_prepare_it_at_once(store: Store) -> None:
    in_threads(8, lambda _: store.prepare())
    assert store.put_new("a/b", b"1")


@pytest.mark.parametrize("data", [b"", b"\0\xff\n", b"x" * 3_000_000], ids=["empty", "binary", "3 MB"])
def test_what_was_put_can_be_got(store: Store, data: bytes) -> None:
    store.put("a/b/c.json", data)
    assert store.get("a/b/c.json") == data
    assert store.exists("a/b/c.json")


def test_what_was_never_put_is_not_found(store: Store) -> None:
    assert not store.exists("a/b")
    with pytest.raises(NotFound, match="a/b"):
        store.get("a/b")
    with pytest.raises(NotFound, match="a/b"), store.file("a/b"):
        pass


def test_the_beginning_of_a_key_is_no_object(store: Store) -> None:
    store.put("a/b/c", b"1")
    assert not store.exists("a/b")
    with pytest.raises(NotFound):
        store.get("a/b")
    with pytest.raises(NotFound), store.file("a/b"):
        pass


def test_put_replaces(store: Store) -> None:
    store.put("a", b"a long first one")
    store.put("a", b"second")
    assert store.get("a") == b"second"


def test_put_new_creates_and_never_replaces(store: Store) -> None:
    assert store.put_new("a/b", b"first") is True
    assert store.put_new("a/b", b"second") is False
    assert store.get("a/b") == b"first"
    store.delete("a/b")
    assert store.put_new("a/b", b"third") is True


def test_of_sixteen_that_create_at_once_exactly_one_succeeds(store: Store) -> None:
    for round_number in range(10):
        key = f"legs/{round_number}/done.json"

        def create(number: int, key: str = key) -> bool:
            return store.put_new(key, bytes([number]) * 1000)

        answers = in_threads(16, create)
        assert answers.count(True) == 1
        assert store.get(key) == bytes([answers.index(True)]) * 1000


def test_readers_see_a_whole_object_while_it_is_replaced(store: Store) -> None:
    size, done = 300_000, threading.Event()
    store.put("a/b", bytes(size))

    def write_or_read(number: int) -> set[tuple[int, int]]:
        seen = set()
        if number == 0:
            for value in range(1, 100):
                store.put("a/b", bytes([value]) * size)
            done.set()
        while number and not done.is_set():
            data = store.get("a/b")
            seen.add((len(data), len(set(data))))
        return seen

    assert set().union(*in_threads(4, write_or_read)) <= {(size, 1)}
    assert store.get("a/b") == bytes([99]) * size


def test_a_listing_never_shows_what_is_half_written(store: Store) -> None:
    done = threading.Event()

    def write_or_list(number: int) -> set[str]:
        seen: set[str] = set()
        if number == 0:
            for value in range(200):
                store.put(f"a/{value % 5}", bytes(50_000))
            done.set()
        while number and not done.is_set():
            seen |= set(store.list("a/"))
        return seen

    assert set().union(*in_threads(3, write_or_list)) <= {f"a/{value}" for value in range(5)}


def test_a_listing_is_sorted_by_the_whole_key(store: Store) -> None:
    keys = ["t/ab.json", "t/ab/z", "t/ab.0/x", "t/ab-1/x", "t/a/b/c/d", "t/b", "t/00000010", "t/00000009"]
    for key in keys:
        store.put(key, b"")
    assert list(store.list("t/")) == sorted(keys)


def test_a_listing_holds_its_prefix_only(store: Store) -> None:
    for key in ("runs/anya/a", "runs/anya/b/c", "runs/anyas/d", "runs/bea/e", "finished/anya"):
        store.put(key, b"")
    assert list(store.list("runs/anya/")) == ["runs/anya/a", "runs/anya/b/c"]
    assert list(store.list("runs/anya/b/")) == ["runs/anya/b/c"]
    assert list(store.list("runs/nobody/")) == []


def test_a_listing_forgets_what_was_deleted(store: Store) -> None:
    store.put("a/b/c", b"")
    store.delete("a/b/c")
    assert list(store.list("a/")) == []
    assert not store.exists("a/b/c")


def test_deleting_twice_is_the_same_as_once(store: Store) -> None:
    store.put("a/b", b"")
    store.delete("a/b")
    store.delete("a/b")
    store.delete("never/there")
    assert not store.exists("a/b")


def test_a_file_becomes_an_object(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    for data in (b"x" * 2_000_000, b"replaced"):
        path.write_bytes(data)
        store.put_file("trainings/a/checkpoint.npz", path)
        assert store.get("trainings/a/checkpoint.npz") == data
    assert list(store.list("trainings/")) == ["trainings/a/checkpoint.npz"]


def test_a_file_from_another_disk_becomes_an_object(store: Store, tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir=memory) as elsewhere:
        path = Path(elsewhere, "levels.tfrecords")
        path.write_bytes(b"x" * 100_000)
        store.put_file("datasets/a/levels.tfrecords", path)
    assert store.get("datasets/a/levels.tfrecords") == b"x" * 100_000


def test_an_object_can_be_read_as_a_local_file(store: Store) -> None:
    store.put("a/b.npz", b"weights")
    with store.file("a/b.npz") as path:
        assert path.read_bytes() == b"weights"
    assert store.get("a/b.npz") == b"weights"


def test_what_lies_below_a_prefix_can_be_read_as_a_local_folder(store: Store) -> None:
    store.put("datasets/a/manifest.json", b"{}")
    store.put("datasets/a/more/b.tfrecords", b"pictures")
    store.put("datasets/ab/manifest.json", b"another")
    with store.folder("datasets/a/") as folder:
        found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {"manifest.json": b"{}", "more/b.tfrecords": b"pictures"}


def test_a_prefix_below_which_there_is_nothing_is_no_folder(store: Store) -> None:
    store.put("datasets/ab", b"")
    with pytest.raises(NotFound, match="datasets/a/"), store.folder("datasets/a/"):
        pass


def test_a_person_can_open_an_object_by_its_address(store: Store) -> None:
    store.put("a/b.png", b"a picture")
    with urlopen(store.url("a/b.png")) as answer:
        assert answer.read() == b"a picture"


@pytest.mark.parametrize("key", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_key_is_refused_before_anything_is_touched(store: Store, tmp_path: Path, key: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"")
    attempts: list[Callable[[], object]] = [
        lambda: store.get(key),
        lambda: store.put(key, b""),
        lambda: store.put_new(key, b""),
        lambda: store.put_file(key, source),
        lambda: store.file(key).__enter__(),
        lambda: store.exists(key),
        lambda: store.delete(key),
        lambda: store.url(key),
    ]
    for attempt in attempts:
        with pytest.raises(Poison, match="not an object key"):
            attempt()
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("prefix", ["", "/", "../", "/etc/", "a/../", "A/", "a\0/", "a" * 2048 + "/"])
def test_what_is_no_prefix_is_refused(store: Store, prefix: str) -> None:
    with pytest.raises(Poison, match="not an object key"):
        list(store.list(prefix))
    with pytest.raises(Poison, match="not an object key"):
        store.folder(prefix).__enter__()


def run_python(program: str, folder: Path) -> str:
    """What a program prints in a Python of its own; `folder` is its argument."""
    command = [sys.executable, "-c", program, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestFolderOnly:
    """What a folder promises beyond the interface."""

    # A limit on the size of files (EFBIG) stands for a full disk (ENOSPC): it can be had without privileges.
    FULL = """
import resource, sys
from pathlib import Path
from shared.contract.errors import StoreFull
from shared.store import FolderStore

folder, large = Path(sys.argv[1]), b"y" * 50_000
store = FolderStore(folder / "store")
store.put("a/replaced", b"old")
Path(sys.argv[1], "large").write_bytes(large)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for put in (store.put, store.put_new):
    for key in ("a/replaced", "a/new"):
        try:
            print(put(key, large))
        except StoreFull as error:
            print("full" if str(folder) in str(error) else error)
store.put("a/small", b"fits")
print(*store.list("a/"), store.get("a/replaced").decode())
"""

    def test_a_full_disk_leaves_every_object_as_it_was(self, tmp_path: Path) -> None:
        lines = run_python(self.FULL, tmp_path).split("\n")
        assert lines == ["full", "full", "False", "full", "a/replaced a/small old", ""]
        assert sorted(path.name for path in (tmp_path / "store" / "a").iterdir()) == ["replaced", "small"]

    FULL_FOR_A_FILE = """
import resource, sys
from pathlib import Path
from shared.contract.errors import StoreFull
from shared.store import FolderStore

store = FolderStore(Path("/dev/shm", Path(sys.argv[1]).name))
source = Path(sys.argv[1], "large")
source.write_bytes(b"y" * 50_000)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    store.put_file("a/new", source)
except StoreFull:
    print("full", source.stat().st_size, *store.root.rglob("*new*"))
"""

    def test_a_full_disk_leaves_no_part_of_a_file(self, tmp_path: Path) -> None:
        memory = Path("/dev/shm")
        if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("needs a second file system at /dev/shm")
        with tempfile.TemporaryDirectory(dir=memory, prefix="magritte") as name:
            source = tmp_path / Path(name).name
            source.mkdir()
            assert run_python(self.FULL_FOR_A_FILE, source) == "full 50000\n"

    FORBIDDEN = """
import os, sys
from pathlib import Path
from shared.contract.errors import StoreUnavailable
from shared.store import FolderStore

store = FolderStore(Path(sys.argv[1]))
store.put("a/b", b"")
store.root.chmod(0)
if os.geteuid() == 0:
    os.seteuid(65534)
attempts = (
    lambda: store.get("a/b"),
    lambda: store.exists("a/b"),
    lambda: store.delete("a/b"),
    lambda: store.put("a/b", b""),
    lambda: store.put_new("a/b", b""),
    lambda: list(store.list("a/")),
    lambda: store.file("a/b").__enter__(),
)
for attempt in attempts:
    try:
        print("no error", attempt())
    except StoreUnavailable as error:
        print(error)
"""

    def test_a_folder_that_is_not_ours_is_unavailable(self, tmp_path: Path) -> None:
        folder = tmp_path / "store"
        try:
            lines = run_python(self.FORBIDDEN, folder).splitlines()
        finally:
            folder.chmod(0o700)
        assert lines == [f"{folder}: Permission denied"] * 7

    def test_a_folder_that_is_a_file_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(StoreUnavailable, match=r"file: .*"):
            FolderStore(tmp_path / "file").put("a/b", b"")

    def test_it_can_be_moved_to_another_place(self, tmp_path: Path) -> None:
        FolderStore(tmp_path / "here").put("a/b", b"1")
        shutil.move(tmp_path / "here", tmp_path / "there")
        assert FolderStore(tmp_path / "there").get("a/b") == b"1"

    def test_it_is_made_only_when_something_is_put(self, tmp_path: Path) -> None:
        store = FolderStore(tmp_path / "store")
        assert list(store.list("a/")) == []
        assert not store.exists("a/b")
        store.delete("a/b")
        assert list(tmp_path.iterdir()) == []
