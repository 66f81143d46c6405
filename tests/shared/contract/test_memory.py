import json
from pathlib import Path

import pytest

from shared.contract.memory import Action, Codec, keep, recall
from shared.contract.stage import Context
from shared.store import FolderStore

ACTION = Action("finder", 2, {"smallest": 48}, {"image": "0a"})
NUMBERS: Codec[list[int]] = Codec(
    write=lambda numbers: {"numbers": numbers}, read=lambda record: [int(number) for number in record["numbers"]]
)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_what_was_kept_is_recalled(store: FolderStore) -> None:
    assert recall(store, ACTION, NUMBERS) is None
    keep(store, ACTION, [1, 2], NUMBERS)
    assert recall(store, ACTION, NUMBERS) == [1, 2]
    assert recall(store, Action("finder", 3, ACTION.settings, ACTION.inputs), NUMBERS) is None


def test_a_record_says_what_it_is_of(store: FolderStore) -> None:
    keep(store, ACTION, [1], NUMBERS)
    assert json.loads(store.get(ACTION.key)) == {
        "stage": "finder",
        "version": 2,
        "settings": {"smallest": 48},
        "inputs": {"image": "0a"},
        "numbers": [1],
    }


@pytest.mark.parametrize("damage", [b"", b"\xff", b"[]", b"{}", b'{"numbers": 3}', b'{"numbers": ["x"]}'])
def test_a_record_that_cannot_be_read_is_none(store: FolderStore, damage: bytes) -> None:
    store.put(ACTION.key, damage)
    assert recall(store, ACTION, NUMBERS) is None


def test_what_utf8_cannot_express_is_kept(store: FolderStore) -> None:
    names: Codec[str] = Codec(write=lambda name: {"name": name}, read=lambda record: record["name"])
    keep(store, ACTION, "caf\udce9.png", names)
    assert recall(store, ACTION, names) == "caf\udce9.png"


def test_a_memo_computes_once(store: FolderStore) -> None:
    computed: list[int] = []

    def compute() -> list[int]:
        computed.append(1)
        return [7]

    context = Context(store)
    assert [context.memo(ACTION, compute, NUMBERS) for _ in range(3)] == [[7], [7], [7]]
    assert computed == [1]
    store.put(ACTION.key, b"damaged")
    assert context.memo(ACTION, compute, NUMBERS) == [7]
    assert computed == [1, 1]
