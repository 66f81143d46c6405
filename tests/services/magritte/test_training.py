"""What people are told of a training while it goes on: by `magritte run`, `watch` and `status`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from click.testing import Result

from services.magritte.training import tick_line
from shared.contract import keys
from shared.contract.events import Emitted, Event, Level
from shared.runs.events import keep_event
from shared.store import FolderStore
from tests.shared.legs import QUALITY, complete, pack, tick

Magritte = Callable[..., Result]


class Failed(Event):
    """A leg has failed."""

    level = Level.WARNING

    leg: int
    failure: str


def test_what_was_not_measured_is_not_shown() -> None:
    assert tick_line(tick(4000).event().fields() | {"overfitting": None}) == "4 kimg  G 4.000  D 2.000  80.0 sec/kimg"


def test_a_loss_that_was_never_finite_says_so() -> None:
    assert "G not finite  D 0.250" in tick_line(tick(500, g=float("nan")).event().fields())


@pytest.mark.parametrize(
    ("eta", "shown"),
    [(59, "59 s"), (60, "1 min"), (3570, "1 h 0 min"), (12_000, "3 h 20 min"), (187_200, "2 d 4 h")],
)
def test_the_time_that_is_left_is_told_in_its_two_largest_units(eta: int, shown: str) -> None:
    assert f"ETA {shown}  " in tick_line(tick(500).event().fields() | {"eta": eta})


def test_status_shows_how_the_training_went(magritte: Magritte, store: FolderStore, run: str) -> None:
    pack(store, run)
    assert "training" not in magritte("status").stdout.splitlines()[-1]
    complete(store, run, 1, compared=True)
    lines = [line.strip() for line in magritte("status").stdout.splitlines()]
    assert (
        "training  leg 1  1 kimg  G 1.000  D 0.500  80.0 sec/kimg  ETA 4 min  overfitting 0.250"
        "  SWD 23.4  memorised 1.5% of 200 pictures"
    ) in lines
    assert any(line.startswith("truncation  file:") for line in lines)


def test_status_as_json_has_the_last_tick_and_the_figures(magritte: Magritte, store: FolderStore, run: str) -> None:
    pack(store, run)
    assert json.loads(magritte("status", "--json").stdout)["training"] is None
    complete(store, run, 1, compared=True)
    found = json.loads(magritte("status", "--json").stdout)
    assert found["training"] == {"leg": 1, "kimg": 1.0, "tick": tick(1000).event().fields(), "quality": QUALITY}
    assert {"truncation", "neighbours", "quality"} < found["results"].keys()


AT = datetime(2026, 11, 27, 8, 51, 7, tzinfo=UTC)
TICKED = "1.5 kimg  G 1.500  D 0.750  80.0 sec/kimg  ETA 3 min  overfitting 0.250  at 2026-11-27 08:51:07 UTC"


def emit(store: FolderStore, run: str, event: Event) -> None:
    keep_event(store, Emitted(event, "trainer", run, "run", AT))


def test_status_shows_the_last_tick_since_the_snapshot(magritte: Magritte, store: FolderStore, run: str) -> None:
    pack(store, run)
    complete(store, run, 1)
    emit(store, run, tick(1000).event())
    assert "last tick" not in magritte("status").stdout
    emit(store, run, tick(1500).event())
    assert f"   last tick  {TICKED}" in magritte("status").stdout.splitlines()


def test_a_tick_of_another_version_is_not_shown(magritte: Magritte, store: FolderStore, run: str) -> None:
    emit(store, run, tick(1500).event())
    key = keys.event(run, "trainer", "tick")
    store.put(key, store.get(key).replace(b'"loss_d"', b'"loss_of_d"'))
    found = magritte("status")
    assert found.exit_code == 0
    assert "last tick" not in found.stdout


def test_status_as_json_has_the_last_event_of_each_kind(magritte: Magritte, store: FolderStore, run: str) -> None:
    assert json.loads(magritte("status", "--json").stdout)["events"] == []
    emit(store, run, Failed(leg=3, failure="loss_g not finite"))
    emit(store, run, tick(1500).event())
    about = {"stage": "trainer", "item": "run", "at": "2026-11-27T08:51:07Z"}
    assert json.loads(magritte("status", "--json").stdout)["events"] == [
        about | {"kind": "failed", "level": "warning", "fields": {"leg": 3, "failure": "loss_g not finite"}},
        about | {"kind": "tick", "level": "info", "fields": tick(1500).event().fields()},
    ]
