from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.facts import RunFact
from shared.contract.messages import FaceNormalized, FacesCounted, ImageKept, Message
from shared.ledger import checkpoint
from shared.ledger.book import Book
from shared.store import FolderStore

RUN, DIGEST = "anya-001", "0b" * 32


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def of_picture(number: int) -> list[Message]:
    about = {"run": RUN, "entry": f"{number:020x}", "image": DIGEST}
    return [
        ImageKept.model_validate(about | {"arrival": number + 1, "decisions": 1}),
        FacesCounted.model_validate(about | {"faces": 1}),
        FaceNormalized.model_validate(about | {"face": 0, "picture": DIGEST}),
    ]


def book_of(pictures: int, batches: int = 1) -> Book:
    book = Book(batches=batches)
    for number in range(pictures):
        for message in of_picture(number):
            book.add(message.fact("some-stage"))
    book.add(RunFact("source-exhausted", "scraper", source=1, count=pictures))
    book.add(RunFact("item-died", "trainer", reason="poison"))
    book.add(RunFact("dataset-packed", "tfrecord-packer", version=2, digest=DIGEST, changes=book.tally.changes))
    book.add(RunFact("ranking-ready", "ranker", version=2, leg=3, files={"ranking.csv": "a/b"}))
    return book


def summary(book: Book) -> tuple[object, ...]:
    tally = book.tally
    return tally.counts(), list(tally.members()), tally.changes, book.progress, book.stages, book.batches


def test_a_book_is_read_back_and_goes_on_as_it_would_have(store: FolderStore) -> None:
    book = book_of(20)
    checkpoint.write(store, RUN, book)
    found = checkpoint.newest(store, RUN)
    assert summary(found) == summary(book)
    for message in (*of_picture(5), *of_picture(20)):
        assert found.add(message.fact("some-stage")) == book.add(message.fact("some-stage"))
    assert summary(found) == summary(book)


def test_without_a_checkpoint_the_book_is_empty(store: FolderStore) -> None:
    assert summary(checkpoint.newest(store, RUN)) == summary(Book())


def test_the_last_two_are_kept(store: FolderStore) -> None:
    for batches in (1, 5, 9):
        checkpoint.write(store, RUN, book_of(1, batches))
    assert sorted(store.list(keys.checkpoint(RUN))) == [keys.checkpoint(RUN, 5), keys.checkpoint(RUN, 9)]
    assert checkpoint.newest(store, RUN).batches == 9


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_one_that_is_cut_short_is_passed_over_for_the_one_before(store: FolderStore, share: float) -> None:
    for batches in (5, 9):
        checkpoint.write(store, RUN, book_of(30, batches))
    whole = store.get(keys.checkpoint(RUN, 9))
    store.put(keys.checkpoint(RUN, 9), whole[: int(share * len(whole))])
    assert checkpoint.newest(store, RUN).batches == 5


def test_one_with_a_bit_turned_is_passed_over_unless_the_book_is_the_same(store: FolderStore) -> None:
    for batches in (5, 9):
        checkpoint.write(store, RUN, book_of(3, batches))
    whole, passed_over = store.get(keys.checkpoint(RUN, 9)), 0
    for place in range(0, len(whole), 11):
        store.put(keys.checkpoint(RUN, 9), whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        found = checkpoint.newest(store, RUN)
        passed_over += found.batches == 5
        assert found.batches == 5 or summary(found) == summary(book_of(3, 9))
    assert passed_over > 10


def test_it_is_due_after_a_thousand_facts_and_half_as_many_as_there_are_pictures() -> None:
    book = book_of(300)
    assert not checkpoint.is_due(book)
    assert checkpoint.is_due(book_of(400))
    book = book_of(10_000)
    book.added = 4999
    assert not checkpoint.is_due(book)
    book.added = 5000
    assert checkpoint.is_due(book)
