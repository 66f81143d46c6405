from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.errors import Unreadable
from shared.contract.messages import Message, Stamp
from shared.ledger import journal
from shared.store import FolderStore

RUN = "anya-001"
STAMP = Stamp(stage="scraper", at="2026-11-27T12:00:00.000+00:00", attempt=2, seconds=0.5, action="0b" * 32)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_every_message_is_read_back_with_its_stamp(store: FolderStore, every_message: tuple[Message, ...]) -> None:
    assert journal.append(store, RUN, 1, [message.encode(STAMP) for message in every_message])
    ((number, content),) = journal.batches(store, RUN)
    found = list(journal.records(RUN, number, content))
    assert [record.message for record in found] == list(every_message)
    assert {record.stamp for record in found} == {STAMP}
    assert b"\n".join(record.line for record in found) + b"\n" == content


def test_a_batch_is_created_once(store: FolderStore) -> None:
    assert journal.append(store, RUN, 1, [b"{}"])
    assert not journal.append(store, RUN, 1, [b"[]"])
    assert store.get(keys.journal(RUN, 1)) == b"{}\n"


def test_batches_are_read_in_order_up_to_the_first_that_is_missing(store: FolderStore) -> None:
    for number in (1, 2, 10, 3):
        journal.append(store, RUN, number, [str(number).encode()])
    assert [number for number, _ in journal.batches(store, RUN)] == [1, 2, 3]
    assert [number for number, _ in journal.batches(store, RUN, after=2)] == [3]


def test_only_the_messages_that_have_one_of_the_texts_are_read(every_message: tuple[Message, ...]) -> None:
    lines = [b"no message at all", *(message.encode(STAMP) for message in every_message)]
    found = journal.records(RUN, 1, b"\n".join(lines) + b"\n", [b'"face-found"', b'"leg-due"'])
    assert {record.message.kind() for record in found} == {"face-found", "leg-due"}


@pytest.mark.parametrize("content", [b"", b'{"type":"image-ke', b'{"type":"image-ke\n', b"\0\0\0", b"null\n", b"{}\n"])
def test_a_damaged_batch_is_named_with_what_to_do(content: bytes) -> None:
    with pytest.raises(Unreadable, match=r"runs/anya-001/journal/00000007\.jsonl .*begins a new run"):
        list(journal.records(RUN, 7, content))


def test_a_message_of_a_newer_version_is_named(every_message: tuple[Message, ...]) -> None:
    line = every_message[0].encode().replace(every_message[0].kind().encode(), b"image-tagged")
    with pytest.raises(Unreadable, match="another version of Magritte: a message of the unknown type 'image-tagged'"):
        list(journal.records(RUN, 1, line + b"\n"))
