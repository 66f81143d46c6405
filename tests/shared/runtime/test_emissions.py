"""The events of a stage on their way."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import structlog
from prometheus_client import REGISTRY

from services.trainer.declaration import TRAINER
from shared.contract.declaration import Declaration
from shared.contract.errors import Poison
from shared.contract.events import Emitted, Event, FieldGauge, Level, Tick
from shared.contract.messages import ImageFetched
from shared.runtime import logs
from shared.runtime.emissions import Emissions, log_event
from shared.settings import LogFormat
from shared.store import FolderStore
from tests.shared.legs import tick

RUN, ENTRY = "anya-001", "0a" * 10
FETCHED = ImageFetched(run=RUN, entry=ENTRY, image="0b" * 32, source=0)


class Measured(Event):
    """Something has been measured."""

    gauges: ClassVar = {
        "depth": FieldGauge("magritte_test_depth_metres", "Depth of what was measured"),
        "width": FieldGauge("magritte_test_width_metres", "Width of what was measured"),
    }

    depth: float | None
    width: int
    colour: str = "red"


class Broken(Event):
    """The measure is broken."""

    level = Level.WARNING

    part: str


SURVEYOR = Declaration(name="surveyor", consumes=(ImageFetched,), emits=(Measured, Broken))


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def value(name: str, stage: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"stage": stage})


def test_the_gauges_of_declared_types_are_registered_before_anything_is_emitted(store: FolderStore) -> None:
    Emissions(SURVEYOR, store, log_event)
    families = {family.name: family.documentation for family in REGISTRY.collect()}
    assert families["magritte_test_depth_metres"] == "Depth of what was measured"
    assert value("magritte_test_depth_metres", "surveyor") is None


def test_gauges_follow_the_last_event_of_each_stage(store: FolderStore) -> None:
    for name in ("first", "second"):  # of which both register them
        emissions = Emissions(Declaration(name=name, consumes=(), emits=(Measured,)), store, lambda _: None)
        for depth in (1.0, 2.5):
            emissions.emit(FETCHED, Measured(depth=depth, width=len(name)))
    assert [value("magritte_test_depth_metres", name) for name in ("first", "second")] == [2.5, 2.5]
    assert [value("magritte_test_width_metres", name) for name in ("first", "second")] == [5.0, 6.0]


@pytest.mark.parametrize("depth", [None, math.nan])
def test_a_figure_that_was_not_measured_is_not_a_number(store: FolderStore, depth: float | None) -> None:
    emissions = Emissions(SURVEYOR, store, lambda _: None)
    emissions.emit(FETCHED, Measured(depth=3.0, width=1))
    emissions.emit(FETCHED, Measured(depth=depth, width=1))
    assert value("magritte_test_depth_metres", "surveyor") == pytest.approx(math.nan, nan_ok=True)


def test_the_gauges_of_training_follow_a_tick(store: FolderStore) -> None:
    emissions, found = Emissions(TRAINER, store, lambda _: None), []
    for each in (tick(500, r1=4.0), tick(1000, g=math.inf)):
        emissions.emit(FETCHED, each.event())
        shown = {name: value(gauge.name, "trainer") for name, gauge in Tick.gauges.items()}
        found.append([shown[name] for name in ("kimg", "sec_per_kimg", "eta", "loss_g", "loss_d", "r1_penalty")])
    assert found[0] == [0.5, 80.0, 280.0, 0.5, 0.25, 4.0]
    assert found[1] == pytest.approx([1.0, 80.0, 240.0, math.nan, 0.5, math.nan], nan_ok=True)


def test_a_listener_is_told_what_an_event_is_about_and_when_it_was_emitted(store: FolderStore) -> None:
    emitted: list[Emitted] = []
    before = datetime.now(UTC)
    Emissions(SURVEYOR, store, emitted.append).emit(FETCHED, Broken(part="needle"))
    (found,) = emitted
    assert before <= found.at <= datetime.now(UTC)
    assert found == Emitted(Broken(part="needle"), "surveyor", RUN, ENTRY, found.at)


def test_an_event_of_another_stage_is_poison(store: FolderStore) -> None:
    with pytest.raises(Poison, match="surveyor does not emit tick"):
        Emissions(SURVEYOR, store, lambda _: None).emit(FETCHED, tick(500).event())


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            Measured(depth=None, width=2),
            {"event": "measured", "level": "info", "depth": None, "width": 2, "colour": "red"},
        ),
        (Broken(part="needle"), {"event": "broken", "level": "warning", "part": "needle"}),
    ],
)
def test_a_log_line_has_the_event_s_name_its_level_and_its_fields(
    capsys: pytest.CaptureFixture[str], event: Event, expected: dict[str, Any]
) -> None:
    logs.set_up(LogFormat.JSON, "info")
    log_event(Emitted(event, "surveyor", RUN, ENTRY, datetime.now(UTC)))
    record = json.loads(capsys.readouterr().err)
    assert record.pop("time").endswith("Z")
    assert record == expected | {"stage": "surveyor", "run": RUN, "item": ENTRY}
