import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.tfrecord_packer.read_ahead import READERS, reading_ahead
from shared.contract.errors import NotFound
from shared.store import FolderStore

KEYS = [f"normalized/aa/{number:02d}" for number in range(60)]


class Meeting(FolderStore):
    """A store that answers nobody before `READERS` ask at once."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.barrier = threading.Barrier(READERS)

    def get(self, key: str) -> bytes:
        self.barrier.wait(timeout=20)
        return super().get(key)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path)
    for key in KEYS:
        store.put(key, key.encode())
    return store


def test_several_objects_are_read_at_once(store: FolderStore) -> None:
    count = 2 * READERS
    with reading_ahead(Meeting(store.root), KEYS[:count]) as ahead:
        assert [ahead.take(key) for key in KEYS[:count]] == [key.encode() for key in KEYS[:count]]


def test_several_threads_get_every_object(store: FolderStore) -> None:
    with reading_ahead(store, KEYS) as ahead, ThreadPoolExecutor(5) as threads:
        assert list(threads.map(ahead.take, KEYS)) == [key.encode() for key in KEYS]


@pytest.mark.parametrize("order", [KEYS[::-1], KEYS[30:] + KEYS[:30], [KEYS[3], KEYS[3]]])
def test_objects_can_be_taken_in_another_order_and_again(store: FolderStore, order: list[str]) -> None:
    with reading_ahead(store, KEYS) as ahead:
        assert [ahead.take(key) for key in order] == [key.encode() for key in order]


def test_an_object_that_is_not_there_is_an_error_of_whoever_takes_it(store: FolderStore) -> None:
    store.delete(KEYS[1])
    with reading_ahead(store, KEYS[:3]) as ahead:
        assert ahead.take(KEYS[0]) == KEYS[0].encode()
        with pytest.raises(NotFound):
            ahead.take(KEYS[1])
        assert ahead.take(KEYS[2]) == KEYS[2].encode()
