import json
import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shared.contract import keys
from shared.contract.events import Emitted, Event, Level
from shared.runs.events import LastEvent, keep_event, last_events
from shared.store import FolderStore, Store
from tests.contract.test_store import TWINS

RUN = "anya-001"
AT = datetime(2026, 11, 27, 8, 51, 7, 250_000, UTC)


class Measured(Event):
    """Something has been measured."""

    depth: float | None
    name: str = "a well"


class Broken(Event):
    """The measure is broken."""

    level = Level.WARNING


def emitted(event: Event, stage: str = "surveyor", run: str = RUN) -> Emitted:
    return Emitted(event, stage, run, "run", AT)


@pytest.fixture(params=TWINS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return TWINS[request.param](request, tmp_path)


@pytest.fixture
def in_a_folder(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def test_the_last_event_of_each_kind_of_a_run_is_found_in_any_store(store: Store) -> None:
    for depth in (1.0, 2.5):
        keep_event(store, emitted(Measured(depth=depth)))
    keep_event(store, emitted(Broken()))
    keep_event(store, emitted(Measured(depth=4.0), stage="diver"))
    keep_event(store, emitted(Measured(depth=9.0), run="anya-002"))
    measured, broken = {"depth": 2.5, "name": "a well"}, Level.WARNING
    assert last_events(store, RUN) == [
        LastEvent(kind="measured", stage="diver", item="run", at=AT, fields=measured | {"depth": 4.0}),
        LastEvent(kind="broken", stage="surveyor", level=broken, item="run", at=AT, fields={}),
        LastEvent(kind="measured", stage="surveyor", item="run", at=AT, fields=measured),
    ]
    assert last_events(store, "anya-003") == []


def test_an_event_is_an_object_that_other_programs_can_read(in_a_folder: FolderStore) -> None:
    keep_event(in_a_folder, emitted(Measured(depth=2.5)))
    assert json.loads(in_a_folder.get("runs/anya-001/events/surveyor/measured.json")) == {
        "kind": "measured",
        "stage": "surveyor",
        "level": "info",
        "item": "run",
        "at": "2026-11-27T08:51:07.250000Z",
        "fields": {"depth": 2.5, "name": "a well"},
    }


@pytest.mark.parametrize("depth", [math.nan, math.inf, -math.inf, None])
def test_what_json_has_no_number_for_is_null(in_a_folder: FolderStore, depth: float | None) -> None:
    keep_event(in_a_folder, emitted(Measured(depth=depth)))
    (found,) = last_events(in_a_folder, RUN)
    assert found.fields["depth"] is None


def test_a_name_that_utf_8_cannot_express_is_kept_as_far_as_it_goes(in_a_folder: FolderStore) -> None:
    keep_event(in_a_folder, emitted(Measured(depth=1.0, name="日\udce9")))
    (found,) = last_events(in_a_folder, RUN)
    assert found.fields["name"] == "日?"


def test_what_is_no_event_is_passed_over(in_a_folder: FolderStore) -> None:
    keep_event(in_a_folder, emitted(Measured(depth=1.0)))
    key = keys.event(RUN, "surveyor", "measured")
    event = in_a_folder.get(key)
    in_a_folder.put(keys.event(RUN, "surveyor", "cut-short"), event[:20])
    in_a_folder.put(keys.event(RUN, "surveyor", "of-the-future"), event.replace(b'"info"', b'"catastrophe"'))
    in_a_folder.put(keys.event(RUN, "surveyor", "without-a-zone"), event.replace(b'Z"', b'"'))
    path = file_of(in_a_folder, key)
    path.with_name("measured (conflicted copy).json").write_bytes(event)
    assert [found.kind for found in last_events(in_a_folder, RUN)] == ["measured"]


def test_times_are_the_same_in_every_zone(in_a_folder: FolderStore) -> None:
    there = AT.astimezone(timezone(timedelta(hours=9)))
    keep_event(in_a_folder, Emitted(Broken(), "surveyor", RUN, "run", there))
    assert last_events(in_a_folder, RUN)[0].at == AT


def file_of(store: FolderStore, key: str) -> Path:
    """The file of an object."""
    with store.file(key) as path:
        return path
