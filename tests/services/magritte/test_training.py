"""What people are told of a training while it goes on: by `magritte run`, `watch` and `status`."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from services.magritte.training import tick_line
from shared.store import FolderStore
from tests.shared.legs import QUALITY, complete, pack, tick

Magritte = Callable[..., Result]


def test_what_was_not_measured_is_not_shown() -> None:
    assert tick_line(tick(4000).line() | {"overfitting": None}) == "4 kimg  G 4.000  D 2.000  80.0 sec/kimg"


def test_a_loss_that_was_never_finite_says_so() -> None:
    assert "G not finite  D 0.250" in tick_line(tick(500, g=float("nan")).line())


@pytest.mark.parametrize(
    ("eta", "shown"),
    [(59, "59 s"), (60, "1 min"), (3570, "1 h 0 min"), (12_000, "3 h 20 min"), (187_200, "2 d 4 h")],
)
def test_the_time_that_is_left_is_told_in_its_two_largest_units(eta: int, shown: str) -> None:
    assert f"ETA {shown}  " in tick_line(tick(500).line() | {"eta": eta})


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
    assert found["training"] == {"leg": 1, "kimg": 1.0, "tick": tick(1000).line(), "quality": QUALITY}
    assert {"truncation", "neighbours", "quality"} < found["results"].keys()
