from dataclasses import replace

import pytest

from services.scraper.fetch_record import FetchRecord, keep_fetch, recall_fetch
from services.scraper.sources import Item
from shared.fates import Drop, Reason
from shared.pictures import Limits
from shared.store import FolderStore

ITEM = Item("a.png", "/pictures/a.png", {"size": 10, "mtime_ns": 20})
RECORD = FetchRecord("run-001", Limits())


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, image="0" * 64, provenance={"origin": "caf\udce9.png", "size": [1, 2]}),
        replace(RECORD, drop=Drop(Reason.CORRUPT, "it is damaged")),
    ],
)
def test_a_record_is_recalled_as_it_was_kept(store: FolderStore, record: FetchRecord) -> None:
    assert recall_fetch(store, ITEM) is None
    keep_fetch(store, ITEM, record)
    assert recall_fetch(store, ITEM) == record


def test_a_changed_file_is_not_known(store: FolderStore) -> None:
    keep_fetch(store, ITEM, RECORD)
    assert recall_fetch(store, replace(ITEM, state={"size": 10, "mtime_ns": 21})) is None
    assert recall_fetch(store, replace(ITEM, place="/elsewhere/a.png")) is None
    assert recall_fetch(store, replace(ITEM, score=3)) == RECORD


@pytest.mark.parametrize("damaged", [b"", b"{}", b'{"fetched": 3}', b'{"fetched": {"drop": {}}}'])
def test_a_damaged_record_is_as_good_as_none(store: FolderStore, damaged: bytes) -> None:
    keep_fetch(store, ITEM, RECORD)
    [key] = store.list("actions/scraper/")
    store.put(key, damaged)
    assert recall_fetch(store, ITEM) is None


@pytest.mark.parametrize("reason", [Reason.NOT_A_PICTURE, Reason.TOO_SMALL, Reason.OPTED_OUT])
def test_what_a_picture_is_holds_for_every_run_with_the_same_limits(reason: Reason) -> None:
    record = replace(RECORD, drop=Drop(reason, ""))
    assert record.holds("run-002", Limits())
    assert not record.holds("run-002", Limits(min_side=99))


@pytest.mark.parametrize("reason", [Reason.UNREADABLE_FILE, Reason.FETCH_FAILED])
def test_what_may_be_otherwise_another_time_holds_for_its_run_only(reason: Reason) -> None:
    record = replace(RECORD, drop=Drop(reason, ""))
    assert record.holds("run-001", Limits())
    assert not record.holds("run-002", Limits())
