"""Lines of text about the course of a training, for commands that show runs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from pydantic import ValidationError

from shared.contract.events import Tick
from shared.runs.events import LastEvent
from shared.runs.results import Trained

_LOSSES = {"G": "loss_g", "D": "loss_d"}
_WATCHED = {"p": "augment_p", "overfitting": "overfitting"}
"""Shown of a tick where they are known, by the name that they are shown with."""


def tick_line(tick: Mapping[str, Any]) -> str:
    """Describe a tick of training, which has the fields of a line of `stats.jsonl`, on one line."""
    return "  ".join((f"{tick['kimg']:g} kimg", *_course(tick)))


def quality_line(quality: Mapping[str, Any]) -> str:
    """Describe the figures of a snapshot's pictures, named as `magritte quality` names them, on one line."""
    figures = f"SWD {quality['sliced_wasserstein']:.1f}  memorised {quality['memorised']:.1%}"
    return f"{figures} of {quality['pictures']} pictures"


def trained_line(training: Trained) -> str:
    """Describe the course of a training up to a snapshot, on one line."""
    course = _course(training.tick) if training.tick else ()
    quality = [quality_line(training.quality)] if training.quality else []
    return "  ".join((f"leg {training.leg}", f"{training.kimg:g} kimg", *course, *quality))


def stability_line(stability: float | None) -> str:
    """Describe on one line how far a ranking agrees with the one before, by Spearman's correlation."""
    if stability is None:
        return "no earlier snapshot is ranked in the same way: one ranking alone does not say whether it means anything"
    return f"rank correlation of quality with the snapshot before: {stability:.2f} (1 is the same order, 0 chance)"


def last_tick_line(events: Iterable[LastEvent], training: Trained | None) -> str:
    """Describe the last tick among `events` on one line, and when it was; empty if the snapshot has no less kimg."""
    for event in events:
        tick = _tick(event)
        if tick is not None and (training is None or tick.kimg > training.kimg):
            return f"{tick_line(tick.fields())}  at {event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return ""


def _tick(event: LastEvent) -> Tick | None:
    try:
        return Tick.model_validate(event.fields) if event.kind == Tick.kind() else None
    except ValidationError:  # of another version of Magritte
        return None


def _course(tick: Mapping[str, Any]) -> Iterator[str]:
    """Yield all that is shown of a tick but its kimg. A loss that is None has been computed, but was never finite."""
    for name, field in _LOSSES.items():
        yield f"{name} {_figure(tick[field])}"
    yield f"{tick['sec_per_kimg']:.1f} sec/kimg"
    if tick["eta"]:
        yield f"ETA {_duration(tick['eta'])}"
    for name, field in _WATCHED.items():
        if tick.get(field) is not None:
            yield f"{name} {_figure(tick[field])}"


def _figure(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.3f}"


def _duration(seconds: float) -> str:
    """Format a duration in its two largest units: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    days, hours_of_day = divmod(hours, 24)
    if days:
        return f"{days} d {hours_of_day} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
