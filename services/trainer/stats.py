"""What is written down of a tick of training."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.trainer.plan import Plan

if TYPE_CHECKING:  # its module needs TensorFlow
    from shared.stylegan2.training import Losses

_NAMES = {
    "g": "loss_g",
    "d": "loss_d",
    "real_score": "real_score",
    "fake_score": "fake_score",
    "real_sign": "real_sign",
    "r1": "r1_penalty",
    "path_length": "path_length_penalty",
}


@dataclass(frozen=True)
class Span:
    """The steps of a tick: pictures shown to D before and after them, and how long they took."""

    before: int
    after: int
    seconds: float


@dataclass(frozen=True)
class Tick:
    """The statistics of a tick.

    `number` counts whole ticks since the training began, `eta` is the time in seconds until its end at this pace.
    `means` are over the steps that had a finite value, None without one; `failed` names the losses that were
    computed and never finite.
    """

    number: int
    kimg: float
    sec_per_kimg: float
    eta: float
    means: dict[str, float | None]
    failed: tuple[str, ...]

    def line(self) -> dict[str, Any]:
        """As `stats.jsonl` has it and whoever watches the run is told."""
        return {
            "tick": self.number,
            "kimg": self.kimg,
            "sec_per_kimg": round(self.sec_per_kimg, 3),
            "eta": round(self.eta),
            **{name: mean if mean is None else round(mean, 5) for name, mean in self.means.items()},
        }


def summarize(losses: Sequence["Losses"], span: Span, plan: Plan) -> Tick:
    """The statistics of these steps, one at least."""
    sec_per_kimg = span.seconds / (span.after - span.before) * 1000
    columns = {name: [getattr(each, field) for each in losses] for field, name in _NAMES.items()}
    means = {name: _mean(column) for name, column in columns.items()}
    return Tick(
        number=span.after // plan.tick,
        kimg=span.after / 1000,
        sec_per_kimg=sec_per_kimg,
        eta=max(plan.total - span.after, 0) / 1000 * sec_per_kimg,
        means=means,
        failed=tuple(name for name, mean in means.items() if mean is None and _any_computed(columns[name])),
    )


def _any_computed(column: Iterable[float | None]) -> bool:
    """Whether a regularisation, which is None in most steps, was computed in one of them."""
    return any(value is not None for value in column)


def _mean(column: Iterable[float | None]) -> float | None:
    finite = [value for value in column if value is not None and math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else None
