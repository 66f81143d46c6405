"""Events: reports of a stage at work, for logs, metrics and commands. Nothing depends on them; they may be lost.

An event's type says which gauges show its fields, how much attention it asks for, and whether the last one of a run is
kept in the store. Types that commands show in words of their own are here, all others in the folder of their stage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.contract.message_base import kebab

_RESERVED = frozenset({"event", "level", "stage", "run", "item"})
"""Names that no field may have: in a log line they are the event's kind and circumstances."""


class Level(StrEnum):
    """Log levels of events; a person should look at a warning."""

    INFO = "info"
    WARNING = "warning"


@dataclass(frozen=True)
class FieldGauge:
    """The name and the help text of a gauge, for Prometheus, that shows a field of an event."""

    name: str
    help: str


class Event(BaseModel):
    """Base of all events.

    Of the type, `level` is how much attention it asks for, `kept` whether the store has the last event of a run, and
    `gauges` are those that show fields, by the fields' names; their label is the stage.
    """

    model_config = ConfigDict(frozen=True)
    level: ClassVar[Level] = Level.INFO
    kept: ClassVar[bool] = True
    gauges: ClassVar[Mapping[str, FieldGauge]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Raise `TypeError` when a field's name is not free, or a gauge shows no field."""
        taken, unknown = _RESERVED & cls.model_fields.keys(), cls.gauges.keys() - cls.model_fields.keys()
        if taken or unknown:
            raise TypeError(f"{cls.__name__}: fields {sorted(taken)} are reserved, gauges {sorted(unknown)} show none")

    @classmethod
    def kind(cls) -> str:
        """Return the type's name everywhere but in Python: `ThreadsNotKept` is `threads-not-kept`."""
        return kebab(cls.__name__)

    def fields(self) -> dict[str, Any]:
        """Return the values of all fields by name, in the order of their declaration."""
        return self.model_dump()


@dataclass(frozen=True)
class Emitted:
    """An event, the stage that emitted it while it worked on `item` of `run`, and when."""

    event: Event
    stage: str
    run: str
    item: str
    at: datetime


class Tick(Event):
    """The end of a tick of training, with the figures that a line of `stats.jsonl` has.

    `tick` counts from 1 since the training began; `eta` is in seconds, at this pace, and `time` in seconds since 1970.
    Figures are None where nothing was measured, or nothing finite.
    """

    gauges: ClassVar[Mapping[str, FieldGauge]] = {
        "kimg": FieldGauge("magritte_training_kimg", "Thousand pictures shown to D since the training began"),
        "sec_per_kimg": FieldGauge(
            "magritte_training_seconds_per_kimg", "Time that D and G took for a thousand pictures in the last tick"
        ),
        "images_per_sec": FieldGauge(
            "magritte_training_images_per_second", "Pictures shown to D in a second of the last tick"
        ),
        "eta": FieldGauge(
            "magritte_training_eta_seconds", "Time to the end of the training at the pace of the last tick"
        ),
        "memory_bytes": FieldGauge(
            "magritte_training_memory_bytes", "Peak memory of the device, or the resident set where no device tells"
        ),
        "loss_g": FieldGauge("magritte_training_loss_g", "Mean loss of G in the last tick"),
        "loss_d": FieldGauge("magritte_training_loss_d", "Mean loss of D in the last tick"),
        "real_score": FieldGauge(
            "magritte_training_real_score", "Mean score that D gave pictures of the training set in the last tick"
        ),
        "fake_score": FieldGauge(
            "magritte_training_fake_score", "Mean score that D gave pictures of G's in the last tick"
        ),
        "real_sign": FieldGauge(
            "magritte_training_real_sign",
            "Mean sign of D's scores of real pictures, which ADA steers (r_t in Karras et al. 2020b)",
        ),
        "r1_penalty": FieldGauge(
            "magritte_training_r1_penalty", "Mean R1 penalty of D in the last tick, before its weight"
        ),
        "path_length_penalty": FieldGauge(
            "magritte_training_path_length_penalty",
            "Mean path length penalty of G in the last tick, before its weight",
        ),
        "held_out_score": FieldGauge(
            "magritte_training_held_out_score", "Mean score that D gave pictures that are kept from the training"
        ),
        "overfitting": FieldGauge(
            "magritte_training_overfitting",
            "How far D tells training pictures from held-out ones: 0 not at all, 1 as from fakes (r_v in Karras et al. "
            "2020b)",
        ),
        "augment_p": FieldGauge(
            "magritte_training_augment_p", "Probability of each augmentation of what D is shown, 0 to 1"
        ),
    }

    tick: int
    kimg: float
    sec_per_kimg: float
    images_per_sec: float | None
    eta: int
    time: float
    memory_bytes: int | None
    loss_g: float | None
    loss_d: float | None
    real_score: float | None
    fake_score: float | None
    real_sign: float | None
    r1_penalty: float | None
    path_length_penalty: float | None
    held_out_score: float | None
    overfitting: float | None
    augment_p: float | None


class Quality(Event):
    """Figures of `pictures` pictures that the networks of a leg draw, as its `quality.json` has them."""

    kimg: float
    pictures: int
    sliced_wasserstein: float
    memorised: float
