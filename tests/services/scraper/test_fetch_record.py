import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.scraper.fetch_record import (
    LONG_AGO,
    NO_PICTURE,
    FetchRecord,
    FetchRequest,
    keep_fetch,
    recall_fetch,
    times_without_picture,
)
from services.scraper.sources import Item
from shared.contract.reasons import Drop, Reason
from shared.pictures import Limits
from shared.store import FolderStore

ITEM = Item("a.png", "/pictures/a.png", {"size": 10, "mtime_ns": 20})
RECORD = FetchRecord("run-001", Limits())


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, image="0" * 64, provenance={"origin": "caf\udce9.png", "size": [1, 2]}),
        replace(RECORD, drop=Drop(Reason.CORRUPT, "it is damaged")),
        replace(RECORD, drop=Drop(Reason.EMPTY_FILE, ""), asked_at=datetime(2026, 11, 27, 12, 30, tzinfo=UTC), times=3),
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


NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
LATER = FetchRequest("run-002", Limits(), NOW)


@pytest.mark.parametrize("reason", [Reason.NOT_A_PICTURE, Reason.TOO_SMALL])
def test_what_a_file_is_holds_for_every_run_with_the_same_limits(reason: Reason) -> None:
    record = replace(RECORD, drop=Drop(reason, ""), times=1)
    assert record.holds(LATER, answers_vary=False)
    assert not record.holds(replace(LATER, limits=Limits(min_side=99)), answers_vary=False)


@pytest.mark.parametrize("reason", [Reason.UNREADABLE_FILE, Reason.FETCH_FAILED])
def test_what_may_be_otherwise_another_time_holds_for_its_run_only(reason: Reason) -> None:
    record = replace(RECORD, drop=Drop(reason, ""))
    assert record.holds(replace(LATER, run="run-001"), answers_vary=True)
    assert not record.holds(LATER, answers_vary=True)


@pytest.mark.parametrize("retry_failed", [False, True])
def test_an_opt_out_always_holds(retry_failed: bool) -> None:
    record = replace(RECORD, drop=Drop(Reason.OPTED_OUT, ""))
    other = FetchRequest("run-002", Limits(min_side=99), NOW, retry_failed)
    assert record.holds(other, answers_vary=True)


@pytest.mark.parametrize("reason", sorted(NO_PICTURE))
@pytest.mark.parametrize(
    ("times", "gap"), [(1, timedelta(0)), (2, timedelta(minutes=10)), (3, timedelta(days=1)), (4, timedelta(weeks=1))]
)
def test_an_answer_that_is_no_picture_holds_for_gaps_that_grow(reason: Reason, times: int, gap: timedelta) -> None:
    record = replace(RECORD, drop=Drop(reason, ""), times=times, asked_at=NOW - gap)
    assert not record.holds(LATER, answers_vary=True)
    if gap:
        early = replace(record, asked_at=NOW - gap + timedelta(seconds=1))
        assert early.holds(LATER, answers_vary=True)
        assert not early.holds(replace(LATER, retry_failed=True), answers_vary=True)


def test_after_five_answers_that_are_no_picture_only_a_person_asks_again() -> None:
    record = replace(RECORD, drop=Drop(Reason.EMPTY_FILE, ""), times=5, asked_at=NOW - timedelta(weeks=500))
    assert record.holds(LATER, answers_vary=True)
    assert not record.holds(replace(LATER, retry_failed=True), answers_vary=True)


def test_a_record_of_the_future_does_not_hold() -> None:
    """A clock was wrong, then or now."""
    record = replace(RECORD, drop=Drop(Reason.EMPTY_FILE, ""), times=3, asked_at=NOW + timedelta(days=400))
    assert not record.holds(LATER, answers_vary=True)


def test_a_record_of_an_earlier_version_counts_as_asked_once_long_ago(store: FolderStore) -> None:
    keep_fetch(store, ITEM, replace(RECORD, drop=Drop(Reason.NOT_A_PICTURE, "a page")))
    [key] = store.list("actions/scraper/")
    body = json.loads(store.get(key))
    del body["fetched"]["asked_at"], body["fetched"]["times"]
    store.put(key, json.dumps(body).encode())
    record = recall_fetch(store, ITEM)
    assert record is not None
    assert (record.times, record.asked_at) == (1, LONG_AGO)
    assert not record.holds(LATER, answers_vary=True)


def test_answers_in_a_row_are_counted_until_a_picture_comes() -> None:
    page, failed = Drop(Reason.NOT_A_PICTURE, ""), Drop(Reason.FETCH_FAILED, "")
    once = replace(RECORD, times=times_without_picture(None, page))
    assert once.times == 1
    assert times_without_picture(once, page) == 2
    assert times_without_picture(once, failed) == 1
    assert times_without_picture(once, None) == 0
    assert times_without_picture(once, Drop(Reason.TOO_SMALL, "")) == 0
