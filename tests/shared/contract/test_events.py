from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from services.magritte.pipeline import PIPELINE
from services.tfrecord_packer.events import ClassesWithoutPictures
from services.trainer.events import (
    CheckpointUnreadable,
    ClassesAdded,
    Diverged,
    StartFrom,
    StateNotCarried,
    ThreadsNotKept,
)
from shared.contract.events import Event, FieldGauge, Level, Quality, Tick

EVERY_TYPE = {kind for stage in PIPELINE.declarations for kind in stage.emits}
WARNINGS = {CheckpointUnreadable, ClassesWithoutPictures, Diverged, StateNotCarried, ThreadsNotKept}

TICK: dict[str, Any] = {
    "tick": 3,
    "kimg": 1.5,
    "sec_per_kimg": 80.0,
    "images_per_sec": 12.5,
    "eta": 200,
    "time": 1.7e9,
    "memory_bytes": 10**9,
    "loss_g": 1.5,
    "loss_d": None,
    "real_score": 1.0,
    "fake_score": -1.0,
    "real_sign": 0.5,
    "r1_penalty": None,
    "path_length_penalty": None,
    "held_out_score": 0.5,
    "overfitting": 0.25,
    "augment_p": None,
}

GAUGES = {
    "kimg": "kimg",
    "sec_per_kimg": "seconds_per_kimg",
    "images_per_sec": "images_per_second",
    "eta": "eta_seconds",
    "loss_g": "loss_g",
    "loss_d": "loss_d",
    "real_score": "real_score",
    "held_out_score": "held_out_score",
    "fake_score": "fake_score",
    "real_sign": "real_sign",
    "overfitting": "overfitting",
    "augment_p": "augment_p",
    "r1_penalty": "r1_penalty",
    "path_length_penalty": "path_length_penalty",
    "memory_bytes": "memory_bytes",
}
"""What each figure of a tick is called after `magritte_training_`, in Prometheus."""


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Tick, "tick"),
        (Quality, "quality"),
        (Diverged, "diverged"),
        (CheckpointUnreadable, "checkpoint-unreadable"),
        (ThreadsNotKept, "threads-not-kept"),
        (StartFrom, "start-from"),
        (ClassesAdded, "classes-added"),
        (StateNotCarried, "state-not-carried"),
        (ClassesWithoutPictures, "classes-without-pictures"),
    ],
)
def test_an_event_is_called_by_its_type_s_name(kind: type[Event], name: str) -> None:
    assert kind.kind() == name
    assert kind in EVERY_TYPE


def test_no_two_types_share_a_name() -> None:
    assert len({kind.kind() for kind in EVERY_TYPE}) == len(EVERY_TYPE) == 9


def test_a_warning_is_what_a_person_should_look_at() -> None:
    assert {kind for kind in EVERY_TYPE if kind.level is Level.WARNING} == WARNINGS


def test_an_event_has_its_fields_in_the_order_of_their_declaration() -> None:
    tick = Tick(**TICK)
    assert list(tick.fields().items()) == list(TICK.items())
    assert Diverged(leg=2, failure="loss_g not finite").fields() == {
        "leg": 2,
        "failure": "loss_g not finite",
        "remedy": "goes back, with other random numbers",
    }


def test_an_event_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CheckpointUnreadable(leg=1).leg = 2  # type: ignore[misc]


def test_every_figure_of_a_tick_has_its_gauge() -> None:
    assert {field: gauge.name for field, gauge in Tick.gauges.items()} == {
        field: f"magritte_training_{name}" for field, name in GAUGES.items()
    }


def test_a_field_is_not_named_as_what_every_log_line_has() -> None:
    with pytest.raises(TypeError, match=r"fields \['run', 'stage'\] are reserved"):

        class Named(Event):
            run: str
            stage: str


def test_a_gauge_shows_a_field() -> None:
    with pytest.raises(TypeError, match=r"gauges \['depth'\] show none"):

        class Shown(Event):
            gauges: ClassVar = {"depth": FieldGauge("magritte_test_depth", "Depth of something")}
